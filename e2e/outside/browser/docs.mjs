// Opens the API reference in a browser, calls an operation from it with a token, and tells what the page may not do.
//
//   node docs.mjs <base url> <token> <browser> <folder for screenshots>
import { chromium } from "playwright-core";
import assert from "node:assert";

const [base, token, executablePath, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  const foreign = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) foreign.push(url);
  });

  await page.goto(`${base}/docs`);
  await page.locator("#operations-TaskService-createTask").waitFor();
  await page.screenshot({ path: `${folder}/docs.png` });

  // A token, as a person gives it.
  await page.locator("button.authorize").first().click();
  await page.locator(".modal-ux input").first().fill(token);
  await page.locator(".modal-ux button.authorize").click();
  await page.locator(".modal-ux button.btn-done").click();

  const operation = page.locator("#operations-TaskService-createTask");
  await operation.locator(".opblock-summary-control").first().click();
  await operation.locator(".try-out__btn").click();
  await operation.locator("button.execute").click();
  const answer = operation.locator(".live-responses-table .response").first();
  await answer.waitFor();
  const said = await answer.innerText();
  assert.match(said, /^200/);
  assert.match(said, /"title": "Buy milk"/);
  await operation.evaluate((element) => element.scrollIntoView());
  await page.screenshot({ path: `${folder}/operation.png` });
  await answer.evaluate((element) => element.scrollIntoView());
  await page.screenshot({ path: `${folder}/answer.png` });

  assert.deepEqual({ complaints, foreign }, { complaints: [], foreign: [] });
  console.log("a task was created from the page");
} finally {
  await browser.close();
}
