// Package endpoint hands the credentials of package credentials to programs in
// any language: over HTTP, as AWS_CONTAINER_CREDENTIALS_FULL_URI has it, and as
// the output of a credential_process. Every AWS SDK then has this library's
// refresh, role hops and identity checks.
//
// A [Server] beside the program asks for a token that only the pod can read:
//
//	token, err := endpoint.FileToken("/run/credserver/token")
//	server, err := endpoint.New(endpoint.Config{Provider: provider, Token: token})
//	listener, err := server.Listen(ctx, "127.0.0.1:9911")
//	err = server.Serve(ctx, listener)
//
// and the program needs two variables:
//
//	AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9911/credentials
//	AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/run/credserver/token
//
// The SDKs look at them after access keys, web identity and profiles: a program
// that still has AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE never comes here.
//
// # Paths
//
// [PathCredentials] is [Config].Provider, [PathRole] and a name one of
// [Config].Roles, [PathReady] says whether all of them can be had. Paths are
// compared as they are sent: none is cleaned, decoded or redirected. A query is
// ignored.
//
// # Lifetime
//
// Credentials that are empty, have no expiry or no session token, or less life
// than [Config].MinLifetime are never handed out, whatever the provider does: a
// [credentials.Provider] serves the ones at hand past their expiry while STS is
// down, and this package answers 503 then. Those with less life than
// [Config].RenewAt are renewed first, if that can be, so that clients which come
// back a fixed time before expiry do not come back at once.
//
// # Failure
//
// The body of a failure has code and message, and Code and Message, which the
// SDK for JavaScript looks for:
//
//	400  UnexpectedRequest         a body, or a request line meant for a proxy
//	401  WrongToken                no token, the wrong one, or two
//	403  WrongHost                 the Host header names no address of this machine
//	403  Forwarded                 the request came through a proxy
//	403  NotLocal                  the connection is not local
//	404  NotFound                  no such path
//	405  MethodNotAllowed          only GET is
//	403  AccessDenied              STS refuses the role
//	424  IdentityNotEstablished    the server's own identity has not been proven
//	424  Misconfigured             the server's settings have to be changed
//	500  TokenUnreadable           the token file cannot be read
//	503  CredentialsPending        they are being fetched
//	503  CredentialsUnavailable    they cannot be had, or not with enough life
//
// A 5xx is what another attempt may change. The SDKs for Go and Java repeat
// nothing else; botocore and the SDK for JavaScript repeat everything three times.
// They wait for two seconds and for one, so a request that has to wait is
// answered 503 within [Config].Wait, and the fetch goes on meanwhile.
//
// # Concurrency
//
// A [Server] is safe for concurrent use. It keeps no credentials: providers do.
//
// # Security considerations
//
// Whoever can connect and has the token has the credentials, so the listener
// should be on loopback, where other pods cannot reach it, and the token in a
// volume of this pod's. A page in a browser or a request that an application is
// tricked into making has no token, and its Host header is wrong. The token is
// compared by digests in constant time. Messages to those without the token
// tell nothing of the roles; messages to those with it have the text of errors
// of package credentials, which have no secrets. No secret is logged.
package endpoint
