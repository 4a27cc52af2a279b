package main

const usage = `NAME
    exec - run a program with secrets in its environment or in files

SYNOPSIS
    exec [flags] [--] COMMAND [ARGUMENT…]

DESCRIPTION
    Reads secrets from AWS Secrets Manager and Parameter Store, all of them before
    the program starts and in as few calls as there can be; if one is missing, all
    that are missing are named and the program does not start. Secrets go into the
    program's environment or into files, never into arguments and never into the
    environment of exec itself, which on Linux shuts its memory and environment
    to other processes of the same user, the program among them.

    While the program runs, exec keeps reading, keeps the files up to date, and
    with -on-change restarts the program or sends it a signal. What changed is
    told by content. A secret that cannot be read any more is reported; the
    program keeps what it has.

    REF is the name or ARN of a secret, "ssm:" and the name of a parameter, or
    either as ref+awssecrets://… or ref+awsssm://…; behind "#" a member of a secret
    that is JSON. Regions, versions, roles: see the documentation of ParseRef.

OPTIONS
    What goes into the environment:
    -env NAME=REF       a variable; may be repeated
    -env-all REF        each member of a secret that is a JSON object, under its
                        own name; may be repeated
    -env-prefix PREFIX  in front of the names of the -env-all before it
    -env-upper          names of members in upper case, with "_" for what cannot be
                        in the name of a variable
    -resolve-env        replace variables of the environment whose values are
                        references that begin with ref+awssecrets:// or ref+awsssm://
    -strip-aws          without the AWS credentials that exec has: variables of
                        keys, roles, tokens, profiles and credential endpoints
    A -env replaces a variable of the environment. A member of a -env-all that would
    is an error, so that nobody who may change a secret can change PATH. A prefix
    keeps it from other names that programs heed, such as LD_PRELOAD.

    What goes into files:
    -dir DIR            the directory, which should be in memory; made if it does
                        not exist. Its files are replaced all at once, and stay
                        when the program has ended
    -file PATH=REF      a file, PATH being below DIR; may be repeated
    -file-mode MODE     permissions; default 0440
    -insecure-dir       accept a DIR that everybody may write to or that is a
                        symbolic link

    When secrets change:
    -on-change restart       end the program and start it anew
    -on-change signal=NAME   send HUP, INT, QUIT, TERM, USR1, USR2 or WINCH
    -on-change none          nothing; the default. Files are kept up to date anyway
    -grace DURATION     from SIGTERM to SIGKILL for a restart; default 10s
    -refresh DURATION   how old what is known of a secret may get; default 5m

    And:
    -timeout DURATION   for reading the secrets at first, retries included;
                        default 1m
    -h                  print this

SIGNALS
    HUP, INT, QUIT, TERM, USR1, USR2, WINCH, CONT, ALRM, VTALRM, IO, PWR and the
    real-time signals are forwarded to the program, which runs in a process group
    of its own. TSTP stops both, until CONT. In the foreground of a terminal the
    program stays in exec's group, so that it can read the terminal; INT, QUIT,
    WINCH, TSTP and CONT reach it from there, and are not forwarded. After INT, QUIT
    or TERM it is not restarted any more. As process 1 of a container exec also
    buries orphans.

EXIT STATUS
    that of the program; 128 and the number of the signal that ended it; and of
    exec itself:
    2    bad usage; a malformed reference
    125  the secrets could not be read, or the files not be written
    126  the program could not be run
    127  there is no such program

ENVIRONMENT
    All that the AWS SDK for Go reads, AWS_ENDPOINT_URL among it.

EXAMPLES
    With its path, for in a shell exec alone is the shell's own.

    ./exec -env DB_PASSWORD=prod/db#password -strip-aws -- ./server
    ./exec -env-all prod/db -env-prefix DB_ -env-upper -on-change restart -- ./server
    ./exec -dir /run/secrets/tls -file tls.crt=prod/tls#cert -file tls.key=prod/tls#key \
        -on-change signal=HUP -- nginx -g 'daemon off;'
    DB_PASSWORD=ref+awssecrets://prod/db#password ./exec -resolve-env -- ./server
`
