//! Paints one prompt a line from standard input with several seeds onto one contact sheet, for looking at the painter.
//!
//! `sheet OUT.png SIZE SEED,SEED… < prompts.txt`, where SIZE is `512` or `768x512`. The times include the PNG.
#![expect(clippy::print_stderr, reason = "a tool for one's own terminal")]
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a tool for one's own terminal")]

use easel::{Picture, Request, encode, paint};
use std::io::BufRead;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, out, size, seeds] = args.as_slice() else {
        return Err("usage: sheet OUT.png SIZE|WIDTHxHEIGHT SEED,SEED".into());
    };
    let (width, height) = size.split_once('x').unwrap_or((size, size));
    let (width, height): (u32, u32) = (width.parse()?, height.parse()?);
    let seeds: Vec<u64> = seeds.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let prompts: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let (columns, rows) = (seeds.len() as u32 * prompts.len().min(2) as u32, (prompts.len() as u32).div_ceil(2));
    let mut sheet = Picture { width: columns * width, height: rows * height, rgb: Vec::new() };
    sheet.rgb.resize((sheet.width * sheet.height * 3) as usize, 0);
    for (i, prompt) in prompts.iter().enumerate() {
        for (j, &seed) in seeds.iter().enumerate() {
            let started = Instant::now();
            let request = Request { prompt: prompt.clone(), width, height, seed, ..Request::default() };
            let picture = paint(&request);
            encode::png(&picture)?;
            eprintln!("{:6.1} ms  {seed}  {prompt}", started.elapsed().as_secs_f64() * 1000.0);
            let left = ((i % 2 * seeds.len() + j) as u32 * width) as usize;
            let top = (i as u32 / 2 * height) as usize;
            for y in 0..height as usize {
                let to = ((top + y) * sheet.width as usize + left) * 3;
                let from = y * width as usize * 3;
                let count = width as usize * 3;
                sheet.rgb[to..to + count].copy_from_slice(&picture.rgb[from..from + count]);
            }
        }
    }
    std::fs::write(out, encode::png(&sheet)?)?;
    Ok(())
}
