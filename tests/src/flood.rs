//! Bodies that no careful client sends: larger than anybody takes, or without an end.

use std::io;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use crate::client::{Answer, Client};

const MIB: usize = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a body's length is said before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// `Content-Length` says it.
    Declared,
    /// It comes in chunks, nobody knows how many.
    Untold,
}

impl Client {
    /// `POST` of `mebibytes` that begin as a PDF does. It goes on reading while it sends, as other careful
    /// clients do: the answer must not get lost in what is still on its way.
    ///
    /// # Panics
    /// When the registry closes the connection without an answer.
    pub async fn flood(
        &self,
        path: &str,
        media_type: &str,
        mebibytes: usize,
        length: Length,
    ) -> Answer {
        let (url, mut head) = self.head_of_post(path, media_type);
        head += &match length {
            Length::Declared => format!("content-length: {}\r\n\r\n", mebibytes * MIB),
            Length::Untold => "transfer-encoding: chunked\r\n\r\n".to_owned(),
        };
        let (reader, writer) = connect(&url).await.into_split();
        let sending = tokio::spawn(send(writer, head, mebibytes, length));
        let answer = timeout(PATIENCE, read_answer(reader)).await;
        sending.abort();
        let (status, headers, body) = answer
            .unwrap_or_else(|_| panic!("POST {url} is not answered"))
            .unwrap_or_else(|error| panic!("POST {url} is answered by {error}"));
        Answer::new(format!("POST {url}"), status, headers, body)
    }

    /// `POST` of a body of which only the beginning ever comes. It is under way for as long as the connection is held.
    ///
    /// # Panics
    /// When the registry does not take it.
    pub async fn begins_to_post(
        &self,
        path: &str,
        media_type: &str,
        beginning: &[u8],
    ) -> TcpStream {
        let (url, mut head) = self.head_of_post(path, media_type);
        head += &format!("content-length: {MIB}\r\n\r\n");
        let mut stream = connect(&url).await;
        stream.write_all(head.as_bytes()).await.expect("the registry reads");
        stream.write_all(beginning).await.expect("the registry reads");
        stream
    }

    /// The URL of a `POST` and the beginning of its head.
    pub(crate) fn head_of_post(&self, path: &str, media_type: &str) -> (Url, String) {
        let url = Url::parse(&self.locate(path)).expect("a URL");
        let target = url.as_str().strip_prefix(url.origin().ascii_serialization().as_str());
        let mut head = format!("POST {} HTTP/1.1\r\nhost: localhost\r\n", target.expect("a path"));
        head += &format!("content-type: {media_type}\r\n");
        for (name, value) in self.headers() {
            head += &format!("{name}: {}\r\n", value.to_str().expect("a header of ASCII"));
        }
        (url, head)
    }
}

pub(crate) async fn connect(url: &Url) -> TcpStream {
    let address = (url.host_str().expect("a host"), url.port().expect("a port"));
    TcpStream::connect(address).await.expect("the registry listens")
}

async fn send(
    mut writer: OwnedWriteHalf,
    head: String,
    mebibytes: usize,
    length: Length,
) -> io::Result<OwnedWriteHalf> {
    writer.write_all(head.as_bytes()).await?;
    for n in 0..mebibytes {
        let mut piece = vec![b' '; MIB];
        if n == 0 {
            piece[..9].copy_from_slice(b"%PDF-1.7\n");
        }
        if length == Length::Untold {
            writer.write_all(format!("{MIB:x}\r\n").as_bytes()).await?;
            piece.extend_from_slice(b"\r\n");
        }
        writer.write_all(&piece).await?;
    }
    if length == Length::Untold {
        writer.write_all(b"0\r\n\r\n").await?;
    }
    // Kept open: what reads the answer is still at it.
    Ok(writer)
}

pub(crate) async fn read_answer(
    mut reader: OwnedReadHalf,
) -> io::Result<(StatusCode, HeaderMap, Vec<u8>)> {
    let closed = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut bytes = Vec::new();
    let body_at = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if reader.read_buf(&mut bytes).await? == 0 {
            return Err(closed());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body_at]).into_owned();
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(closed)?;
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        headers.insert(name, HeaderValue::from_str(value).map_err(io::Error::other)?);
    }
    let length =
        headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let length: usize = length.ok_or_else(closed)?;
    while bytes.len() < body_at + length {
        if reader.read_buf(&mut bytes).await? == 0 {
            return Err(closed());
        }
    }
    Ok((status, headers, bytes.split_off(body_at)))
}
