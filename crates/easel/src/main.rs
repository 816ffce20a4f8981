//! The program `easel`: starts the server, or paints one picture into a file.

use easel::config::{Config, parsed};
use easel::server::Server;
use easel::{Request, encode, paint};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "\
easel sketches pictures from the words of a prompt. It is no AI model.

  easel [--listen 127.0.0.1:7860] [--cold-seconds N] [--latency-ms N] [--queue-polls N] [--token T] [--control]
        [--model ORG/NAME]... [--mapping MODEL=provider:providerId[:status[:task]],...]... [--mapping-shape array|object]
        [--webui a1111|forge|sdcpp] [--webui-auth user:password] [--replicate-output array|string]
  easel paint PROMPT [--negative TEXT] [--seed N] [--size N | --width N --height N] [--steps N] [--guidance X] [--out FILE]
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    let result = match args.peek().map(String::as_str) {
        Some("--help" | "-h" | "help") => return say(USAGE),
        Some("paint") => paint_file(args.skip(1)),
        _ => serve(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done for a person whose terminal is gone.
            let _ = writeln!(std::io::stderr(), "easel: {error}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[tokio::main]
async fn serve(args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let server = Server::bind(Config::parse(args)?).await?;
    // Whoever started this process waits for exactly this line.
    let mut out = std::io::stdout();
    writeln!(out, "easel listening on http://{}", server.address()?)?;
    out.flush()?;
    Ok(server.run().await?)
}

fn paint_file(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let mut request = Request { prompt: args.next().ok_or("paint needs a prompt")?, ..Request::default() };
    let mut out = "easel.png".to_owned();
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--negative" => request.negative_prompt = value,
            "--seed" => request.seed = parsed(&flag, &value)?,
            "--size" => {
                request.width = parsed(&flag, &value)?;
                request.height = request.width;
            }
            "--width" => request.width = parsed(&flag, &value)?,
            "--height" => request.height = parsed(&flag, &value)?,
            "--steps" => request.steps = parsed(&flag, &value)?,
            "--guidance" => request.guidance = parsed(&flag, &value)?,
            "--out" => out = value,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    std::fs::write(&out, encode::png(&paint(&request))?)?;
    Ok(())
}
