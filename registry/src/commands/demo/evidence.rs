//! Small real files: what a company would attach, made up for the demo.

use std::fmt::Write as _;
use std::io::Write as _;

/// A file to attach.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) content: Vec<u8>,
}

/// A month of working time at a facility.
pub(super) fn time_records(facility: &str) -> File {
    let mut csv = format!("facility,day,workers,hours_each,overtime_minutes\n# {facility}\n");
    for day in 1..=30 {
        let working = day % 7 != 0;
        let (workers, hours, overtime) =
            if working { (12 + day % 3, 8, (day * 13) % 70) } else { (0, 0, 0) };
        let _ = writeln!(csv, "{facility},2026-09-{day:02},{workers},{hours},{overtime}");
    }
    File { name: "time-records-2026-09.csv", media_type: "text/csv", content: csv.into_bytes() }
}

/// A notice to workers, in two languages.
pub(super) fn notice(company: &str) -> File {
    let text = format!(
        "{company}\n\nYou may report a problem to us, or outside the company, at any time, in your language.\n\
         Bạn có thể báo cáo vấn đề bất cứ lúc nào bằng ngôn ngữ của bạn.\n"
    );
    File { name: "notice-grievance.txt", media_type: "text/plain", content: text.into_bytes() }
}

/// A policy as a one-page PDF.
pub(super) fn policy(company: &str) -> File {
    let ascii: String = company.chars().filter(char::is_ascii).collect();
    let line = format!("Recruitment policy of {}: every fee is paid by the company.", ascii.trim());
    File { name: "recruitment-policy.pdf", media_type: "application/pdf", content: pdf(&line) }
}

/// A photo of a room: a picture of plain colour bands.
pub(super) fn photo(hue: u8) -> File {
    File { name: "room.png", media_type: "image/png", content: png(hue) }
}

/// A PDF 1.4 of one line of text, with a cross-reference table.
fn pdf(line: &str) -> Vec<u8> {
    let escaped = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let stream = format!("BT /F1 14 Tf 72 760 Td ({escaped}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (i, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", i + 1);
    }
    let start = out.len();
    let _ = write!(
        out,
        "xref\n0 {0}\n{table}trailer\n<< /Size {0} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    out.into_bytes()
}

/// A PNG of 32 × 32 pixels.
fn png(hue: u8) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..32_u8 {
        rows.push(0);
        for x in 0..32_u8 {
            rows.extend([hue, x.saturating_mul(8), y.saturating_mul(8)]);
        }
    }
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let packed = pixels.write_all(&rows).and_then(|()| pixels.finish()).unwrap_or_default();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &[0, 0, 0, 32, 0, 0, 0, 32, 8, 2, 0, 0, 0]);
    chunk(&mut out, *b"IDAT", &packed);
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut crc = flate2::Crc::new();
    crc.update(&kind);
    crc.update(data);
    out.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    out.extend(kind);
    out.extend(data);
    out.extend(crc.sum().to_be_bytes());
}
