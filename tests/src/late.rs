//! Requests whose body is still on its way while the world changes.

use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Client};
use crate::flood::{connect, read_answer};

/// A `POST` whose head the registry has looked at, and whose body it waits for.
#[derive(Debug)]
pub struct OnItsWay {
    url: Url,
    stream: TcpStream,
    body: Vec<u8>,
}

impl Client {
    /// Sends the head of a `POST`, and waits until the registry wants the body (`100 Continue`, RFC 9110, section
    /// 10.1.1): by then it knows who asks.
    ///
    /// # Panics
    /// When it does not.
    pub async fn post_late(
        &self,
        path: &str,
        media_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> OnItsWay {
        let body = body.into();
        let (url, mut head) = self.head_of_post(path, media_type);
        head += &format!("content-length: {}\r\nexpect: 100-continue\r\n\r\n", body.len());
        let mut stream = connect(&url).await;
        stream.write_all(head.as_bytes()).await.expect("the registry reads");
        let mut said = [0; 25];
        stream.read_exact(&mut said).await.expect("the registry answers");
        let said = String::from_utf8_lossy(&said);
        assert_eq!(said, "HTTP/1.1 100 Continue\r\n\r\n", "POST {url}");
        OnItsWay { url, stream, body }
    }
}

impl OnItsWay {
    /// Sends the body; gives the answer.
    ///
    /// # Panics
    /// When none comes.
    pub async fn arrives(mut self) -> Answer {
        self.stream.write_all(&self.body).await.expect("the registry reads");
        let asked = format!("POST {}", self.url);
        let (reader, _writer) = self.stream.into_split();
        let answer = read_answer(reader).await;
        let (status, headers, body) = answer.unwrap_or_else(|error| panic!("{asked}: {error}"));
        Answer::new(asked, status, headers, body)
    }
}
