package main

const usage = `NAME
    doctor - say which AWS identity a pod has, and why not another

SYNOPSIS
    doctor [flags]
    doctor completion bash|zsh|fish

DESCRIPTION
    Looks at everything on the way from this process's environment to its AWS
    identity: the variables of IRSA and EKS Pod Identity, the projected token and
    whether it is still renewed, the cluster's issuer and the token's signature,
    name, port and clock of STS, the role sessions themselves, and whether the
    node's own role is within reach. Prints a table of what it saw, with what to
    do about it. With -secret it goes on to the secret and its key.

    Run it where the trouble is: in the pod, with the pod's environment. It
    changes nothing and prints no secret, token or key. The calls to STS are real.

OPTIONS
    Where the identity comes from; by default the environment says it:
    -region REGION        the Region whose STS is asked
    -role-arn ARN         the role of web identity; needs -token-file
    -token-file FILE      the projected token
    -audience AUDIENCE    what the token is for; default sts.amazonaws.com
    -profile NAME         a profile of the shared config files
    -hop ARN              a role to assume from there; may be repeated
    -external-id ID       the external id for the -hop before it

    What it should be:
    -expect-account ID    fail unless the identity is of this account
    -expect-role ARN      fail unless it is this role

    And then:
    -secret REF           read this secret of Secrets Manager, by name or ARN;
                          shows length and version, never the value
    -timeout DURATION     for everything together; default 1m
    -strict               let warnings, and what could not be looked at, count as
                          failures
    -json                 print data instead of a table
    -h                    print this

EXIT STATUS
    0   nothing failed
    1   something failed; with -strict also: a warning, or something unknown
    2   bad usage

ENVIRONMENT
    All that the AWS SDK for Go reads, AWS_ENDPOINT_URL among it.
    AWS_EC2_METADATA_DISABLED=true leaves out the question for the node's role.
    COLUMNS is how wide the table may be; by default 100 on a terminal and
    unlimited elsewhere. NO_COLOR switches colours off, which only a terminal has.

EXAMPLES
    kubectl exec deploy/app -- doctor -strict
    doctor -expect-role arn:aws:iam::111122223333:role/pod-role
    doctor -secret arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-AbCdEf
    source <(doctor completion bash)
`
