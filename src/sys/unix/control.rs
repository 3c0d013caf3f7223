//! The socket between the engine and its fork server: requests with descriptors one way, answers back.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, send, sendmsg,
    socketpair,
};

use super::{Child, PipeReader, PipeWriter, SharedMemory};
use crate::sys::{MOST_ENDS, PipeEnd};

/// Every message has this many bytes, so that a stream keeps its boundaries.
const MESSAGE_BYTES: usize = 16;

/// The engine's end.
#[derive(Debug)]
pub struct Control(OwnedFd);

/// The fork server's end.
#[derive(Debug)]
pub struct ControlPeer(OwnedFd);

/// Of a request, the place of the bits that tell which of the further ends are written.
const WRITERS: std::ops::Range<usize> = 12..16;

/// What a fork server is asked for, with what the new worker shall own.
pub type Request = ([u8; MESSAGE_BYTES], Option<(PipeReader, PipeWriter, SharedMemory, Vec<PipeEnd>)>);

impl Control {
    /// Starts this program as a fork server with `arguments` and the socket's number behind them.
    pub fn start(arguments: &[String]) -> io::Result<(Self, Child)> {
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::empty())?;
        for end in [&ours, &theirs] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let theirs = PipeReader::from_fd(theirs);
        let mut arguments = arguments.to_vec();
        arguments.push(theirs.handle().to_string());
        let child = super::spawn(&arguments, &[&theirs], &[], &[])?;
        Ok((Self(ours), child))
    }

    /// Asks for something, passing what a new worker shall own; the last four bytes of the message are not the
    /// caller's. A peer that does not listen so long is an error.
    pub fn ask(
        &self,
        mut message: [u8; MESSAGE_BYTES],
        owned: Option<(&PipeReader, &PipeWriter, &SharedMemory, &[PipeEnd])>,
        patience: Duration,
    ) -> io::Result<()> {
        let mut fds: Vec<RawFd> = Vec::new();
        let mut writers = 0_u32;
        if let Some((reader, writer, memory, ends)) = owned {
            if ends.len() > MOST_ENDS {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let memory = memory.fd().ok_or(io::ErrorKind::InvalidInput)?;
            fds.extend([reader.fd(), writer.fd(), memory].map(|fd| fd.as_raw_fd()));
            for (place, end) in ends.iter().enumerate() {
                let (fd, written) = match end {
                    PipeEnd::Reader(reader) => (reader.fd(), 0),
                    PipeEnd::Writer(writer) => (writer.fd(), 1),
                };
                fds.push(fd.as_raw_fd());
                writers |= written << place;
            }
        }
        message[WRITERS].copy_from_slice(&writers.to_le_bytes());
        let rights = [ControlMessage::ScmRights(&fds)];
        let rights = if fds.is_empty() { &rights[..0] } else { &rights[..] };
        if !ready(&self.0, PollFlags::POLLOUT, patience)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let flags = no_signal() | MsgFlags::MSG_DONTWAIT;
        let sent = sendmsg::<()>(self.0.as_raw_fd(), &[IoSlice::new(&message)], rights, flags, None)?;
        if sent == MESSAGE_BYTES { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    /// The next answer, waited for at most so long.
    pub fn answer(&self, patience: Duration) -> io::Result<[u8; MESSAGE_BYTES]> {
        let give_up = std::time::Instant::now() + patience;
        let mut message = [0; MESSAGE_BYTES];
        let mut filled = 0;
        while filled < MESSAGE_BYTES {
            let left = give_up.saturating_duration_since(std::time::Instant::now());
            if !ready(&self.0, PollFlags::POLLIN, left)? {
                if left.is_zero() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                // A signal came first, or a last look is due.
                continue;
            }
            match nix::unistd::read(&self.0, &mut message[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(message)
    }
}

impl ControlPeer {
    /// The socket that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Ok(Self(super::pipe::adopt(handle)?))
    }

    /// The next request, waited for at most so long: `None` if none came, an error of kind
    /// `UnexpectedEof` when the engine is gone.
    pub fn request(&self, patience: Duration) -> io::Result<Option<Request>> {
        if !ready(&self.0, PollFlags::POLLIN, patience)? {
            return Ok(None);
        }
        let mut message = [0; MESSAGE_BYTES];
        let mut space = cmsg_space!([RawFd; 3 + MOST_ENDS]);
        let mut place = [IoSliceMut::new(&mut message)];
        let received = recvmsg::<()>(self.0.as_raw_fd(), &mut place, Some(&mut space), MsgFlags::empty())?;
        let bytes = received.bytes;
        let mut fds = Vec::new();
        for control in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(numbers) = control {
                // SAFETY: the kernel has just opened these descriptors for us.
                fds.extend(numbers.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
            }
        }
        if bytes != MESSAGE_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for fd in &fds {
            fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let [a, b, c, d] = std::array::from_fn(|place| message[WRITERS.start + place]);
        let writers = u32::from_le_bytes([a, b, c, d]);
        let mut fds = fds.into_iter();
        let owned = match (fds.next(), fds.next(), fds.next()) {
            (Some(reader), Some(writer), Some(memory)) => {
                let end = |(place, fd)| match writers >> place & 1 {
                    0 => PipeEnd::Reader(PipeReader::from_fd(fd)),
                    _ => PipeEnd::Writer(PipeWriter::from_fd(fd)),
                };
                let (reader, writer) = (PipeReader::from_fd(reader), PipeWriter::from_fd(writer));
                Some((reader, writer, SharedMemory::from_fd(memory)?, fds.enumerate().map(end).collect()))
            }
            _ => None,
        };
        Ok(Some((message, owned)))
    }

    /// Answers the engine.
    pub fn answer(&self, message: [u8; MESSAGE_BYTES]) -> io::Result<()> {
        send(self.0.as_raw_fd(), &message, no_signal())?;
        Ok(())
    }
}

/// A peer that is gone shall be an error, not a signal, where the system can say so per call.
fn no_signal() -> MsgFlags {
    #[cfg(target_os = "linux")]
    return MsgFlags::MSG_NOSIGNAL;
    #[cfg(not(target_os = "linux"))]
    MsgFlags::empty()
}

fn ready(fd: &OwnedFd, wish: PollFlags, patience: Duration) -> io::Result<bool> {
    let mut fds = [PollFd::new(fd.as_fd(), wish)];
    match poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{self, Progress};

    const SOON: Duration = Duration::from_secs(5);

    fn sockets() -> (Control, ControlPeer) {
        let ends = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::empty());
        let (ours, theirs) = ends.expect("a pair of sockets");
        (Control(ours), ControlPeer(theirs))
    }

    /// Pipes of which one end each is passed, the read ones and the written ones in turn; the other ends are kept.
    fn ends(count: usize) -> (Vec<PipeEnd>, Vec<PipeEnd>) {
        let both = (0..count).map(|place| {
            let (reader, writer) = sys::pipe().expect("a pipe");
            let (reader, writer) = (PipeEnd::Reader(reader), PipeEnd::Writer(writer));
            if place % 3 == 0 { (writer, reader) } else { (reader, writer) }
        });
        both.unzip()
    }

    #[test]
    fn as_many_ends_as_anybody_may_have_arrive_in_their_order() {
        let (engine, server) = sockets();
        let (tasks, results) = sys::pipe().expect("a pipe");
        let memory = SharedMemory::create(64).expect("room");
        for count in [0, 1, 2, MOST_ENDS] {
            let (passed, kept) = ends(count);
            engine.ask([1; MESSAGE_BYTES], Some((&tasks, &results, &memory, &passed)), SOON).expect("it is passed");
            drop(passed);
            let (message, owned) = server.request(SOON).expect("it is there").expect("in time");
            assert_eq!(message[..WRITERS.start], [1; WRITERS.start]);
            let (.., arrived) = owned.expect("what a worker owns");
            assert_eq!(arrived.len(), count);
            for (place, pair) in arrived.iter().zip(&kept).enumerate() {
                let ((PipeEnd::Reader(reader), PipeEnd::Writer(writer))
                | (PipeEnd::Writer(writer), PipeEnd::Reader(reader))) = pair
                else {
                    panic!("two alike in place {place}")
                };
                assert_eq!(writer.write(&[place as u8]).expect("room"), Progress::Moved(1));
                let mut byte = [0];
                assert_eq!(reader.read(&mut byte).expect("it was written"), Progress::Moved(1));
                assert_eq!(byte, [place as u8]);
            }
        }
    }

    #[test]
    fn one_end_too_many_is_refused_and_the_socket_lives_on() {
        let (engine, server) = sockets();
        let (tasks, results) = sys::pipe().expect("a pipe");
        let memory = SharedMemory::create(64).expect("room");
        let (passed, _kept) = ends(MOST_ENDS + 1);
        let refused = engine.ask([1; MESSAGE_BYTES], Some((&tasks, &results, &memory, &passed)), SOON);
        assert_eq!(refused.expect_err("one too many").kind(), io::ErrorKind::InvalidInput);
        assert!(server.request(Duration::ZERO).expect("it works").is_none(), "nothing was sent");
        engine.ask([2; MESSAGE_BYTES], None, SOON).expect("it works");
        let (message, owned) = server.request(SOON).expect("it is there").expect("in time");
        assert_eq!((message[0], owned.is_none()), (2, true));
    }
}
