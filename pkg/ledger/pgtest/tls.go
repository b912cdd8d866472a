package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Port is where the server listens.
func (s *Server) Port() int { return s.port }

// TLS starts the server again so that it speaks TLS, with a certificate for these host names, and returns the file of the authority
// that issued it. The user "fleet" signs in over TLS alone, and with a password.
func (s *Server) TLS(names ...string) (authority string) {
	s.t.Helper()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	rootKey, leafKey := s.key(), s.key()
	authority = s.file("authority.crt", "CERTIFICATE", s.issue(root, root, &rootKey.PublicKey, rootKey))
	certificate := s.file("server.crt", "CERTIFICATE", s.issue(leaf, root, &leafKey.PublicKey, rootKey))
	der, err := x509.MarshalECPrivateKey(leafKey)
	if err != nil {
		s.t.Fatal(err)
	}
	key := s.file("server.key", "EC PRIVATE KEY", der)
	rules := filepath.Join(s.data(), "pg_hba.conf")
	old, err := os.ReadFile(rules)
	if err != nil {
		s.t.Fatal(err)
	}
	s.stop("fast")
	s.write(rules, append([]byte("hostssl all fleet 127.0.0.1/32 scram-sha-256\nhost all fleet 127.0.0.1/32 reject\n"), old...))
	s.write(filepath.Join(s.data(), "postgresql.auto.conf"), []byte("ssl = on\nssl_cert_file = '"+certificate+"'\nssl_key_file = '"+key+"'\n"))
	s.StartAgain()
	return authority
}

func (s *Server) key() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

func (s *Server) issue(c, by *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, c, by, key, with)
	if err != nil {
		s.t.Fatal(err)
	}
	return der
}

// file writes PEM into a file of the server's.
func (s *Server) file(name, kind string, der []byte) string {
	path := filepath.Join(s.dir, name)
	s.write(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	return path
}

func (s *Server) write(path string, data []byte) {
	s.t.Helper()
	err := os.WriteFile(path, data, 0o600)
	if err == nil {
		err = own(path)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
