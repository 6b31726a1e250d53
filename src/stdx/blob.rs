//! A content-addressed store: bytes named by their SHA-256, written once.

use std::fs;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::fs as sfs;

/// Lower-case hex SHA-256 of some bytes.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A directory of blobs.
#[derive(Debug, Clone)]
pub struct BlobStore {
    dir: PathBuf,
}

impl BlobStore {
    /// A store in `dir`, which is created with the first blob.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Stores bytes and returns their hash; a blob already there is left alone.
    ///
    /// # Errors
    /// Any I/O error of writing.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let name = hash(bytes);
        let path = self.dir.join(&name);
        if !path.exists() {
            sfs::create_private_dir(&self.dir)?;
            sfs::write_atomic(&path, bytes, 0o600)?;
        }
        Ok(name)
    }

    /// The bytes of a hash.
    ///
    /// # Errors
    /// `NotFound` when there is no such blob, `InvalidData` when the bytes no
    /// longer match their name.
    pub fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        if name.len() != 64 || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a blob name",
            ));
        }
        let bytes = fs::read(self.dir.join(name))?;
        if hash(&bytes) != name {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "blob does not match its name",
            ));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_once_and_notices_damage() {
        let dir = tempfile::tempdir().expect("tempdir");
        let store = BlobStore::new(dir.path().join("blobs"));
        let name = store.put(b"hello").expect("put");
        assert_eq!(store.put(b"hello").expect("put"), name);
        assert_eq!(store.get(&name).expect("get"), b"hello");
        fs::write(dir.path().join("blobs").join(&name), "other").expect("damage");
        assert_eq!(
            store.get(&name).expect_err("damaged").kind(),
            io::ErrorKind::InvalidData
        );
        assert!(store.get("../../etc/passwd").is_err());
    }
}
