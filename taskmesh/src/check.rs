//! `taskmesh check`: whether web addresses answer. An image without a shell has nothing else to find out with.

use std::{io::Write, time::Duration};

use anyhow::{Context, bail, ensure};
use hyper::{Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::command_line::CheckOptions;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Asks each until the answer is 200, or for as long as the options say.
///
/// # Errors
/// Why the last attempt failed.
pub(crate) fn run(options: &CheckOptions) -> anyhow::Result<()> {
    for url in &options.urls {
        ensure!(url.scheme_str() == Some("http"), "{url} does not begin with http://");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for url in &options.urls {
        runtime.block_on(ask_until(url, Duration::from_secs(options.retry_seconds)))?;
        writeln!(std::io::stdout(), "{url} answers")?;
    }
    Ok(())
}

async fn ask_until(url: &Uri, patience: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let asked = timeout(PATIENCE, ask(url)).await.context("no answer in time").flatten();
        match asked {
            Ok(StatusCode::OK) => return Ok(()),
            outcome if begun.elapsed() < patience => {
                drop(outcome);
                sleep(PAUSE).await;
            }
            Ok(status) => bail!("{url} answers {status}"),
            Err(error) => return Err(error.context(url.to_string())),
        }
    }
}

async fn ask(url: &Uri) -> anyhow::Result<StatusCode> {
    let authority = url.authority().context("no host")?;
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(header::HOST, authority.as_str()).body(String::new())?;
    tokio::select! {
        answer = sender.send_request(request) => Ok(answer?.status()),
        ended = connection => {
            ended?;
            bail!("the connection was closed")
        }
    }
}
