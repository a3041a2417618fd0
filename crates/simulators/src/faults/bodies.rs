//! The bodies a faulty server sends: slow, cut short, endless, or tiny until unpacked.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header;
use axum::response::Response;
use futures::stream;

/// The CRC-32 polynomial of gzip, bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// The longest match deflate can express.
const LONGEST_MATCH: u64 = 258;

type Piece = Result<Bytes, std::io::Error>;

/// Sends the body of `response` piece by piece with a pause before each.
pub(super) async fn trickle(response: Response, piece_bytes: usize, pause: Duration) -> Response {
    let (mut head, body) = response.into_parts();
    let whole = read(body).await;
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let pieces = stream::unfold(whole, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(piece_bytes.clamp(1, rest.len()));
        Some((Piece::Ok(piece), rest))
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

/// Announces the full body (or a little more than will come) and breaks off after some bytes.
pub(super) async fn cut(response: Response, after_bytes: usize) -> Response {
    let (mut head, body) = response.into_parts();
    let mut whole = read(body).await;
    let announced = whole.len().max(after_bytes.saturating_add(1));
    head.headers.insert(header::CONTENT_LENGTH, announced.into());
    whole.truncate(after_bytes);
    Response::from_parts(head, breaking_off(whole))
}

/// An answer whose connection closes before the client can make sense of it.
pub(super) fn dropped() -> Response {
    let mut response = Response::new(breaking_off(Bytes::new()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, 1.into());
    response
}

/// A list that goes on for as long as somebody reads it.
pub(super) fn endless() -> Body {
    let head = Bytes::from_static(br#"{"result":["#);
    let row = Bytes::from_static(br#"{"number":"CHG0000000","state":"-5"},"#);
    Body::from_stream(stream::unfold(head, move |piece| {
        let row = row.clone();
        async move {
            tokio::task::yield_now().await;
            Some((Piece::Ok(piece), row))
        }
    }))
}

/// A valid gzip file of about `count` zero bytes, 158 times smaller than what it unpacks to.
pub(super) fn gzip_of_zeros(count: u64) -> Vec<u8> {
    let matches = count / LONGEST_MATCH;
    let unpacked = 1 + matches * LONGEST_MATCH;
    let mut bits = Bits::default();
    // One final block with the fixed codes: a literal zero, then matches at distance one.
    bits.push(0b110, 3);
    bits.push(0b0011_0000, 8);
    for _ in 0..matches {
        bits.push(0b1_1000_1010_0000, 13);
    }
    bits.push(0, 7);
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(bits.finish());
    file.extend(crc_of_zeros(unpacked).to_le_bytes());
    let size = u32::try_from(unpacked % (1 << 32)).unwrap_or_default();
    file.extend(size.to_le_bytes());
    file
}

async fn read(body: Body) -> Bytes {
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

/// The pause lets the bytes before the break reach the client.
fn breaking_off(sent: Bytes) -> Body {
    Body::from_stream(stream::unfold(Some(sent), |state| async move {
        match state {
            Some(sent) if !sent.is_empty() => Some((Piece::Ok(sent), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Some((Piece::Err(std::io::ErrorKind::ConnectionAborted.into()), None))
            }
            None => None,
        }
    }))
}

/// Bits in the order deflate wants its codes: most significant first into the low end of each byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u8,
    filled: u8,
}

impl Bits {
    fn push(&mut self, code: u16, length: u8) {
        for place in (0..length).rev() {
            if code >> place & 1 == 1 {
                self.open |= 1 << self.filled;
            }
            self.filled += 1;
            if self.filled == 8 {
                self.bytes.push(self.open);
                self.open = 0;
                self.filled = 0;
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.bytes.push(self.open);
        }
        self.bytes
    }
}

/// Feeding one zero bit is linear over the register, so many of them are a power of one matrix.
fn crc_of_zeros(count: u64) -> u32 {
    let mut step: [u32; 32] = std::array::from_fn(|bit| match bit {
        0 => POLYNOMIAL,
        bit => 1 << (bit - 1),
    });
    let mut register = u32::MAX;
    let mut bits = count.saturating_mul(8);
    while bits > 0 {
        if bits & 1 == 1 {
            register = applied(&step, register);
        }
        step = step.map(|column| applied(&step, column));
        bits >>= 1;
    }
    !register
}

fn applied(columns: &[u32; 32], register: u32) -> u32 {
    let set = columns.iter().enumerate().filter(|(bit, _)| register >> bit & 1 == 1);
    set.fold(0, |sum, (_, column)| sum ^ column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_zeros_is_the_known_one() {
        assert_eq!(crc_of_zeros(1), 0xD202_EF8D);
        assert_eq!(crc_of_zeros(4), 0x2144_DF1C);
    }
}
