//! Several changes in one go: one statement and one round trip on PostgreSQL, one after the other on SQLite, where there
//! is nothing to travel.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::{StoreError, Transaction};

/// Changes to be made together. On PostgreSQL none of them sees what the others do, and they come in no order, so they
/// must not touch the same rows; but one may read what an earlier one returns, by its name.
#[derive(Clone, Debug, Default)]
pub struct Writes(Vec<Write>);

#[derive(Clone, Debug)]
struct Write {
    name: &'static str,
    text: String,
    values: Vec<Value>,
}

/// How many rows each change of a [`Writes`] touched.
#[derive(Clone, Debug, Default)]
pub struct Touched(Vec<(&'static str, u64)>);

impl Writes {
    /// Adds one INSERT, UPDATE or DELETE that ends with RETURNING something; its parameters are `$1`, `$2`, … The name is
    /// that of its result, and different from all others.
    pub fn add(&mut self, name: &'static str, text: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.0.push(Write { name, text: text.into(), values: values.into_iter().collect() });
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// What the database says; the transaction is then lost.
    pub async fn run(self, transaction: &Transaction) -> Result<Touched, StoreError> {
        let backend = transaction.get_database_backend();
        let mut touched = Touched::default();
        if backend == DbBackend::Sqlite {
            for Write { name, text, values } in self.0 {
                let done = transaction.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
                touched.0.push((name, done.rows_affected()));
            }
        } else if !self.0.is_empty() {
            let names: Vec<&'static str> = self.0.iter().map(|write| write.name).collect();
            let (text, values) = self.together();
            let row = transaction.query_one_raw(Statement::from_sql_and_values(backend, text, values)).await?;
            let row = row.ok_or_else(|| StoreError::corrupt("the counts of changes"))?;
            for (index, name) in names.into_iter().enumerate() {
                touched.0.push((name, row.try_get_by_index::<i64>(index)?.unsigned_abs()));
            }
        }
        Ok(touched)
    }

    /// One statement of all, and the values of its parameters.
    fn together(self) -> (String, Vec<Value>) {
        let (mut parts, mut counts, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for write in self.0 {
            parts.push(format!("{} AS ({})", write.name, renumbered(&write.text, values.len())));
            counts.push(format!("(SELECT count(*) FROM {})", write.name));
            values.extend(write.values);
        }
        (format!("WITH {} SELECT {}", parts.join(", "), counts.join(", ")), values)
    }
}

impl Touched {
    /// How many rows the change with this name touched; 0 if there was none.
    pub fn by(&self, name: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, rows)| *rows)
    }
}

/// The same text, its parameters counted from after number `after` on. (No text of ours has a `$` that is not one.)
fn renumbered(text: &str, after: usize) -> String {
    let mut parts = text.split('$');
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number: usize = part[..digits].parse().unwrap_or_default();
        renumbered.push_str(&format!("${}{}", after + number, &part[digits..]));
    }
    renumbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_changes_are_counted_on() {
        let mut writes = Writes::default();
        writes.add("one", "INSERT INTO a VALUES ($1, $2) RETURNING id", [1.into(), 2.into()]);
        writes.add("two", "INSERT INTO b SELECT $2, id, $1 FROM one RETURNING 1", [3.into(), 4.into()]);
        let (text, values) = writes.together();
        let expected = "WITH one AS (INSERT INTO a VALUES ($1, $2) RETURNING id), \
                        two AS (INSERT INTO b SELECT $4, id, $3 FROM one RETURNING 1) \
                        SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM two)";
        assert_eq!(text, expected);
        assert_eq!(values, [1, 2, 3, 4].map(Value::from));
    }
}
