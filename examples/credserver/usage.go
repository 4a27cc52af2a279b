package main

const usage = `NAME
    credserver - give programs in any language the identity of this pod

SYNOPSIS
    credserver -token-file FILE [flags]
    credserver process [flags]
    credserver ready [-listen ADDR] [-token-file FILE]

DESCRIPTION
    Serves AWS credentials to the SDKs of other programs beside it, in the form
    that ECS and EKS Pod Identity have, and prints what to set for them. They are
    refreshed ahead of time, pass through the roles given by -hop, and are never
    handed out empty or expired: while there are none to give, clients are told
    why and to ask again.

    Clients send a token that credserver writes to FILE at its first start, or
    that both have in AWS_CONTAINER_AUTHORIZATION_TOKEN. SDKs look at the variables
    that it prints after access keys, AWS_WEB_IDENTITY_TOKEN_FILE and profiles:
    leave those out of the clients' environment.

    process prints credentials once, as the credential_process of a profile. Each
    call asks STS: prefer the server where programs start often.
    ready asks a running server whether it has credentials for every role, for
    startup and readiness probes of kind exec.

OPTIONS
    Where the identity comes from; by default the environment says it:
    -region REGION        the Region whose STS is asked
    -profile NAME         a profile of the shared config files
    -hop ROLE[,SETTING]…  a role's ARN to assume from there; may be repeated.
                          Settings: external-id=, session-name=, source-identity=,
                          duration=, region=
    -log-level LEVEL      debug, info, warn or error, on standard error; default
                          info, warn for process

    Of the server:
    -listen ADDR          default 127.0.0.1:9911; port 0 for any
    -token-file FILE      where clients find their token; made if it is not there
    -role NAME            serve at /role/NAME the pod's own identity and the -hop
                          that follow; may be repeated. Each -hop before the first
                          -role belongs to /credentials
    -roles-only           serve nothing at /credentials
    -min-lifetime D       hand out nothing that ends sooner; default 1m
    -host HOST:PORT       another Host header to allow; may be repeated
    -allow-remote         listen where other machines can connect, behind TLS

    Of process and ready:
    -timeout DURATION     default 30s

    -h                    print this

EXIT STATUS
    0   stopped by SIGINT or SIGTERM; credentials printed; ready
    1   cannot serve; no credentials; not ready
    2   bad usage

ENVIRONMENT
    All that the AWS SDK for Go reads, AWS_ENDPOINT_URL among it, and
    AWS_CONTAINER_AUTHORIZATION_TOKEN for a token without a file.
    CREDSERVER_PROCESS is set by process, to notice when it starts itself.

EXAMPLES
    credserver -token-file /run/credserver/token
    credserver -token-file /run/credserver/token -roles-only \
        -role billing -hop arn:aws:iam::222233334444:role/billing,external-id=x \
        -role audit   -hop arn:aws:iam::333344445555:role/audit
    credserver ready -token-file /run/credserver/token

    In ~/.aws/config:
    [profile billing]
    credential_process = credserver process -hop arn:aws:iam::222233334444:role/billing
`
