// Package agent serves secrets over HTTP to programs in any language that run
// beside it, by contracts that their clients speak already: that of AWS's Secrets
// Manager Agent, now called the Workload Credentials Provider, and that of the
// AWS Parameters and Secrets Lambda Extension.
//
// An [Agent] answers from a [secrets.Store], which does all that is to be done
// about AWS, to whoever has a [Token]:
//
//	token, err := agent.MintToken("/var/run/irsa/token")
//	a, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token}})
//	listener, err := net.Listen("tcp", "127.0.0.1:2773")
//	err = a.Serve(ctx, listener)
//
// and a client does what the documentation of AWS's agent says:
//
//	curl -H "X-Aws-Parameters-Secrets-Token: $(cat /var/run/irsa/token)" \
//	  "http://localhost:2773/secretsmanager/get?secretId=prod/db"
//
// # Routes
//
//   - GET /secretsmanager/get with secretId, versionId, versionStage, refreshNow
//     and roleArn: a secret
//   - GET [Config].PathPrefix and the id, not escaped: a secret
//   - GET /systemsmanager/parameters/get with name, version, label and
//     withDecryption: a parameter
//   - GET /ping: that the process answers
//   - GET /irsa/watch, POST /irsa/invalidate and the page at /irsa/, which are
//     our own, see below
//
// The ways of AWS's agent are kept to the letter: the order of the checks, the
// words of errors, the order of members, and that there is no Content-Type.
// [Dialect] says which of the two programs the answers are like; by default that
// is the one that has the route.
//
// # Differences to AWS's agent
//
// What clients may notice:
//
//   - Requests must be addressed to localhost, a loopback address, the one that
//     was connected to or one of Config.Hosts, with the port of the connection:
//     else 403 "Bad Host". Forwarded, Via, X-Real-IP and whatever begins with
//     X-Forwarded- are refused as X-Forwarded-For is.
//   - Throttling counts as a failure that may pass. An old value is served while
//     AWS cannot be reached, but no longer than the Store's MaxStale.
//   - What AWS does not answer within the Store's Timeout is a 504, long before
//     the connection is cut. A failure is remembered for the Store's ErrorTTL.
//   - refreshNow waits, so that there is at most one call a second for each
//     secret, which all who wait share. Values are good for at least a second
//     whatever Config.TTL.
//   - An expired value is fetched by GetSecretValue, where AWS's agent asks
//     DescribeSecret first, so that a role needs no right to that; with the
//     Store's DescribeFirst, it is asked behind reads. A refusal counts once it
//     was repeated, a second later, and the old value is then no longer served.
//   - AWSCURRENT is sent even if no stage was asked for, as policies with a
//     condition on it demand, and is not read a second time if it was. Names
//     and ARNs are kept apart. Binary and text are told apart as AWS does.
//   - An id that no secret can have is answered as AWS would, without asking.
//   - A role that nobody has used for an hour makes room for another when there
//     are too many, and one that could not be assumed takes up none.
//   - A token that has a list of secrets and none of roles takes roles for ARNs
//     only, unless Config.Roles is set: in another account's role a name is that
//     of another secret.
//   - A connection ends with the response in its last tenth, before it is cut;
//     with that to a request whose body is in chunks or has no use, or whose line
//     is longer than 4 KiB; and beyond the limit with its 429. It is closed when
//     large requests on many connections take too much memory. At its end the
//     Agent drains.
//
// Of the Lambda extension's answers it is the SourceResult of a parameter that
// is missing: it is always null.
//
// # Watching and invalidation
//
// GET /irsa/watch?ref=REF, in the grammar of [secrets.ParseRef], tells of new
// versions and never of values. With "Accept: text/event-stream" and up to twenty
// refs it sends an event "version" for each secret at first and whenever there is
// another version, and "withdrawn" with a word for the reason when it can no
// longer be had:
//
//	event: version
//	data: {"ref":"prod/db","version":"a1b2c3d4-…"}
//
// Before the connection is cut the stream ends, and a client that comes again
// hears the versions of that moment first. Otherwise it is one answer, once there
// is a version other than the parameter version says, or 204 after the parameter
// wait (a duration such as 30s).
//
// POST /irsa/invalidate takes {"refs": […]}, of up to a hundred, or an event of
// EventBridge about Secrets Manager or Parameter Store, and has the Store fetch
// what that is about anew. It answers which references it has taken. Of an event,
// what the token may not read is left out; all else that cannot be used is an
// error, which names it.
//
// # The page
//
// A browser at /irsa/ sees the pod's identity, the version, age and state of up to
// a thousand secrets and, where AWS refuses one, which document to change, and
// what it has cost. It sees no secret. Browsers send no header of their own, so
// that /irsa/login takes the token and begins a session of an hour.
//
// # Health
//
// [Agent.Load] reads the declared secrets, and [Agent.Ready] says whether all are
// held. [Agent.Health] is for the probes of a kubelet, on a listener of its own.
// /ping says nothing about either.
//
// # Concurrency and caching
//
// An Agent is safe for concurrent use. It keeps no secret: the Store does, and
// the buffer of an answer is wiped.
//
// # Errors
//
// Settings that cannot be used are a [*ConfigError]. The errors of reads go to
// the client in AWS's words and to Config.Logger in those of package secrets,
// with what to change.
//
// # Security considerations
//
// Whoever can read the token file can read what the token allows, and all
// containers of a pod share its loopback network. Give each program a token of
// its own with the list of what it needs, in a volume that no other mounts.
//
// The token is there against requests that a program on this machine is tricked
// into (SSRF). So are the checks of Host, against names that an attacker points
// to 127.0.0.1, and of the headers that proxies add. Tokens are kept as digests
// and compared in constant time; they are read once, so that a file that is
// replaced later changes nothing.
//
// What Parameter Store shows of Secrets Manager, under
// /aws/reference/secretsmanager/, is open only to a pattern that has that path,
// and to "*" alone.
//
// The cookie of the page goes to every port of the host that the browser knows
// the Agent by, so that a session shows the page and nothing else.
//
// Who has no token can neither fill the memory nor the log. Beside 16 KiB for each
// connection, all requests under way share 8 MiB, by an estimate of what net/http
// makes of them; a connection that takes more is closed, see
// [Snapshot].CutShort. Lines of the log that are alike are limited.
//
// There is no TLS: do not serve on anything but loopback or a unix socket, whose
// directory says who may connect. There the Host header is not checked.
package agent
