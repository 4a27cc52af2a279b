// Package localauth tells the clients that a server has on its own machine from
// everybody else: by a token in a file that only they can read, by the name under
// which they address it, and by what a proxy adds to requests. The server's
// packages say what a token is and what to answer.
package localauth
