//! The database under test.
//!
//! Owns: the connection, what is put into the database before the test, and the one statement that does an operation.
//! It refuses a database of another machine, and one that has customers: what it puts there stays there.

use ledger_model::world::World;
use postgres::config::Host;
use postgres::{Client, Config, NoTls, Statement};
use serde_json::Value;
use std::error::Error;

use crate::wire::customer_uuid;

/// What the database said.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The operation was done.
    Done {
        /// What it answered.
        answer: Value,
        /// The rows that it wrote, each with what was there before.
        written: Vec<Value>,
        /// What does not hold any more.
        wrong: Vec<String>,
    },
    /// Nothing of it was done; the SQLSTATE and the words.
    Rejected(String, String),
}

/// A connection to it.
pub struct Database {
    client: Client,
    step: Statement,
}

impl Database {
    /// Connects, and prepares the database for the test.
    pub fn open(url: &str, world: &World) -> Result<Self, Box<dyn Error>> {
        let mut config: Config = url.parse()?;
        let is_local = |host: &Host| match host {
            Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
            Host::Unix(_) => true,
        };
        if !config.get_hosts().iter().all(is_local) {
            return Err("SUPABASE_DB_URL is another machine's: the model test runs on this one only".into());
        }
        config.options("-c timezone=UTC -c synchronous_commit=off -c jit=off -c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c client_min_messages=error");
        let mut client = config.connect(NoTls)?;
        let customers: i64 = client.query_one("select count(*) from auth.users", &[])?.get(0);
        if customers > 0 {
            return Err(
                "the database has customers: the model test changes its clock for good, and wants one of its own"
                    .into(),
            );
        }
        client.batch_execute(include_str!("witness.sql"))?;
        prepare(&mut client, world)?;
        let step =
            client.prepare("select answer, written, wrong from ledger_model.step($1::text, $2::text, $3::text)")?;
        Ok(Self { client, step })
    }

    /// Does an operation at a moment.
    pub fn step(&mut self, moment: &str, operation: &str, arg: &Value) -> Result<Reply, Box<dyn Error>> {
        let row = match self.client.query_one(&self.step, &[&moment, &operation, &arg.to_string()]) {
            Ok(row) => row,
            Err(error) => match error.as_db_error() {
                Some(refused) => {
                    return Ok(Reply::Rejected(refused.code().code().to_owned(), refused.message().to_owned()));
                }
                None => return Err(error.into()),
            },
        };
        let answer: Option<&str> = row.get(0);
        let answer = answer.map_or(Ok(Value::Null), serde_json::from_str)?;
        Ok(Reply::Done { answer, written: serde_json::from_str(row.get(1))?, wrong: row.get(2) })
    }

    /// What does not hold anywhere.
    pub fn wrong_anywhere(&mut self) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(self.client.query_one("select ledger_model.wrong_anywhere()", &[])?.get(0))
    }

    /// What is written, as counts.
    pub fn sums(&mut self) -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_str(self.client.query_one("select ledger_model.sums()", &[])?.get(0))?)
    }

    /// Forgets all that has happened.
    pub fn forget(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.client.batch_execute("select ledger_model.forget()")?)
    }
}

/// Puts the world into the database: its customers with their conversations, its budgets, its limit.
fn prepare(client: &mut Client, world: &World) -> Result<(), Box<dyn Error>> {
    let mut script = String::from("delete from private.engine_budget; delete from private.rate_limit;");
    for customer in 0..world.customers {
        let id = customer_uuid(ledger_model::names::CustomerId(customer));
        script += &format!("insert into auth.users (id, email) values ('{id}', 'model-{customer}@example.com');");
        for nth in 0..world.conversations_each {
            let conversation = crate::wire::conversation_uuid(customer * world.conversations_each + nth);
            script += &format!("insert into public.conversations (id, user_id) values ('{conversation}', '{id}');");
        }
    }
    for budget in world.budgets {
        let per_hour = budget.turns_per_hour.map_or_else(|| "null".to_owned(), |turns| turns.to_string());
        script += &format!(
            "insert into private.engine_budget values ('{}', {per_hour}, interval '{} microseconds');",
            budget.account, budget.gap.0
        );
    }
    let limit = world.allowance;
    script += &format!("insert into private.rate_limit values ('customer', {}, {});", limit.per_minute, limit.burst);
    Ok(client.batch_execute(&script)?)
}
