package secrets

import (
	"encoding/json"
	"net"
	"strconv"
)

// Login is how to reach a database, as the secrets of Amazon RDS, Redshift and
// DocumentDB and the rotation functions of AWS have it in JSON: username and
// password, which must be there, and engine, host, port and dbname, which
// secrets that RDS itself manages do not have. Decode into it with [Open]:
//
//	db, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
//
// The password is a [Value], so that a Login can be printed and logged; it
// takes a Reveal to use it. The zero Login is no login. (See "JSON structure of
// AWS Secrets Manager secrets" in the user guide.)
type Login struct {
	Engine   string // "postgres", "mysql", …; may be empty
	Username string
	Password Value
	Host     string // may be empty
	Port     int    // zero if the secret has none
	DBName   string // may be empty
}

// String returns the login without its password, as user@host:port/dbname.
func (l Login) String() string {
	text := l.Username + "@" + l.Host
	if l.Port != 0 {
		text = l.Username + "@" + l.Addr()
	}
	if l.DBName != "" {
		text += "/" + l.DBName
	}
	return text
}

// Addr returns host:port, for net.Dial.
func (l Login) Addr() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

// UnmarshalJSON decodes a secret; the port may be a number or a string. The
// error is a [*DecodeError].
func (l *Login) UnmarshalJSON(data []byte) error {
	var doc struct {
		Engine   string          `json:"engine"`
		Username string          `json:"username"`
		Password Value           `json:"password"`
		Host     string          `json:"host"`
		Port     json.RawMessage `json:"port"`
		DBName   string          `json:"dbname"`
	}
	if problem := decodeJSON(data, &doc); problem != "" {
		return &DecodeError{Problem: problem}
	}
	switch {
	case doc.Username == "":
		return &DecodeError{Problem: "has no username"}
	case doc.Password.Equal(Value{}):
		return &DecodeError{Problem: "has no password"}
	}
	*l = Login{Engine: doc.Engine, Username: doc.Username, Password: doc.Password, Host: doc.Host, DBName: doc.DBName}
	if len(doc.Port) > 0 && !isNull(doc.Port) {
		text, _ := member(doc.Port)
		port, err := strconv.ParseUint(string(text), 10, 16)
		if err != nil {
			return &DecodeError{Problem: "has a port that is not a number up to 65535"}
		}
		l.Port = int(port)
	}
	return nil
}
