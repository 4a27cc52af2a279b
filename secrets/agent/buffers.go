package agent

import "net"

// kernelBuffer is what the kernel may keep of what comes and goes on a connection,
// in bytes each way; Linux takes it twice. By itself it keeps megabytes of answers
// that a client does not read, which a container's limit of memory counts too.
const kernelBuffer = 16 << 10

// keepLittle bounds what the kernel keeps of answers on a connection.
func keepLittle(c net.Conn) {
	if b, ok := c.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = b.SetWriteBuffer(kernelBuffer)
	}
}
