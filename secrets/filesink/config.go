package filesink

import (
	"fmt"
	"io/fs"
	"time"
)

// Config tunes a [Sink]; the zero Config is good.
type Config struct {
	// Mode is the permissions of files that have none of their own. Zero: 0440,
	// which with an emptyDir and the fsGroup of a pod lets its containers read.
	Mode fs.FileMode
	// DirMode is the permissions of directories, that of the Sink included if
	// Open makes it. The writer must have all of them, and not everybody may write.
	// Zero: 0755.
	DirMode fs.FileMode
	// UID owns the files; to give files away takes the capability CHOWN.
	// Nil: the writer.
	UID *int
	// GID is the group of files and directories. Nil: the writer's, or that of
	// the directory if it has the set-group-id bit, as volumes have with fsGroup.
	GID *int
	// Linger is how long a set stays after another took its place, for readers
	// that are in the middle of it. Zero: ten seconds. Negative: not at all,
	// which is what the kubelet does.
	Linger time.Duration
	// InsecureDir accepts a directory that everybody may write to, or whose name
	// is a symbolic link: somebody else may then decide what readers find.
	InsecureDir bool
}

func (c Config) mode() fs.FileMode {
	if c.Mode == 0 {
		return 0o440
	}
	return c.Mode
}

func (c Config) dirMode() fs.FileMode {
	if c.DirMode == 0 {
		return 0o755
	}
	return c.DirMode
}

func (c Config) linger() time.Duration {
	if c.Linger == 0 {
		return 10 * time.Second
	}
	return max(c.Linger, 0)
}

// check finds what cannot be used.
func (c Config) check() error {
	switch {
	case c.Mode&^fs.ModePerm != 0:
		return &ConfigError{"Config.Mode", fmt.Sprintf("is %#o; only permissions, up to 0777, can be set", uint32(c.Mode))}
	case c.DirMode&^fs.ModePerm != 0:
		return &ConfigError{"Config.DirMode", fmt.Sprintf("is %#o; only permissions, up to 0777, can be set", uint32(c.DirMode))}
	case c.dirMode()&0o700 != 0o700:
		return &ConfigError{"Config.DirMode", fmt.Sprintf("is %#o, which shuts out the writer", uint32(c.DirMode))}
	case c.dirMode()&0o002 != 0:
		return &ConfigError{"Config.DirMode", fmt.Sprintf("is %#o, by which everybody may change a set", uint32(c.DirMode))}
	case c.UID != nil && *c.UID < 0:
		return &ConfigError{"Config.UID", fmt.Sprintf("is negative: %d", *c.UID)}
	case c.GID != nil && *c.GID < 0:
		return &ConfigError{"Config.GID", fmt.Sprintf("is negative: %d", *c.GID)}
	}
	return nil
}

// owner returns the ids to give to chown, -1 for those that stay.
func (c Config) owner() (uid, gid int) {
	uid, gid = -1, -1
	if c.UID != nil {
		uid = *c.UID
	}
	if c.GID != nil {
		gid = *c.GID
	}
	return uid, gid
}
