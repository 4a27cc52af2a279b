// Package filesink writes a set of secrets as files, so that whoever reads them
// sees one set or the next, never a mixture and never a part.
//
//	sink, err := filesink.Open("/run/secrets/app", filesink.Config{})
//	changed, err := sink.Write(ctx, []filesink.File{
//		{Path: "tls/tls.crt", Data: certificate},
//		{Path: "tls/tls.key", Data: key, Mode: 0o400},
//	})
//
// # Layout
//
// It is that of the kubelet for volumes of secrets, which programs that watch
// such volumes know:
//
//	/run/secrets/app/tls     -> ..data/tls
//	/run/secrets/app/..data  -> ..2026_11_22_03_45_00.123456789
//	/run/secrets/app/..2026_11_22_03_45_00.123456789/tls/tls.crt
//	/run/secrets/app/..2026_11_22_03_45_00.123456789/tls/tls.key
//
// A set is written in full into a directory of its own, with modes and owners,
// and synced; then a rename puts ..data onto it. Names that begin with ".." are
// the scheme's and no file can have one. What else is in the directory is left
// alone, and a file or directory there that is in the way is an error.
//
// # Reading
//
// One file may be opened by its name. For several that belong together, such as
// a certificate and its key, open ..data once, by [os.OpenRoot] or
// [os.Readlink], and read all of them below it. A set that was replaced stays for
// [Config.Linger], unless two more have followed by then.
//
// # Interruption
//
// A writer may be killed at any moment, the machine may lose its power: ..data
// leads to a complete set, and the next Write, of whatever process, clears away
// what was left behind and mends the links.
//
// # Memory
//
// Secrets should be in memory only: an emptyDir with medium Memory. For any other
// directory [Sink.Warnings] says so. There must be room for three sets.
//
// An emptyDir is writable for everybody, which [Open] refuses. Name a directory
// within it, which Open makes, and mount the emptyDir read-only for the readers:
// who may write to it can put another directory in place of that one.
//
// # Telling of changes
//
// A [Notifier] signals a process, runs a command or makes an HTTP call after a
// change, behind the writer's back and again until it works. What was still to be
// told when the process ended is forgotten: the next one may call Notify once,
// whatever its first Write changes.
//
// # Concurrency
//
// A [Sink] is safe for concurrent use. Of all processes one at a time can have a
// directory open, see [ErrLocked]. Readers need no lock.
//
// # Errors
//
// Input that cannot be used is secrets.ErrConfiguration for errors.Is: a
// [*ConfigError], [*FileError] or [*DirError]. What the operating system refuses
// is a [*WriteError]. None has the contents of a file.
//
// # Security considerations
//
// All is done through an [os.Root], so that no symbolic link in the directory can
// lead a Write out of it, whoever put it there. Files belong to [Config.UID],
// directories to the writer, so that nobody else can change a set. What is
// removed is not overwritten: that would mean nothing on today's storage.
//
// Linux is what the package is made for and tested on; macOS and the BSDs do,
// but cannot tell memory from disk. Elsewhere Open returns
// [errors.ErrUnsupported].
package filesink
