// A SPIFFE workload written by others: it knows only the standard Workload API and go-spiffe.
//
//	identity-peer watch  SOCKET                 print each X.509 update as a JSON line, until stdin closes
//	identity-peer serve  SOCKET CLIENT-ID       serve mTLS on loopback, answer with the caller's ID
//	identity-peer call   SOCKET SERVER-ID ADDR  call such a server, print its answer
//	identity-peer jwt    SOCKET                 ask for a JWT-SVID, print the status code
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/status"
)

type update struct {
	ID       string   `json:"id"`
	Serial   string   `json:"serial"`
	Chain    int      `json:"chain"`
	NotAfter int64    `json:"notAfter"`
	Bundles  []string `json:"bundles"`
}

type watcher struct{}

func (watcher) OnX509ContextUpdate(c *workloadapi.X509Context) {
	svid := c.DefaultSVID()
	line := update{
		ID:       svid.ID.String(),
		Serial:   fmt.Sprintf("%x", svid.Certificates[0].SerialNumber),
		Chain:    len(svid.Certificates),
		NotAfter: svid.Certificates[0].NotAfter.UnixMilli(),
	}
	for _, bundle := range c.Bundles.Bundles() {
		line.Bundles = append(line.Bundles, bundle.TrustDomain().Name())
	}
	print(line)
}

func (watcher) OnX509ContextWatchError(err error) {
	print(map[string]string{"error": status.Code(err).String()})
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
		os.Exit(0)
	}()
	socket := workloadapi.WithAddr("unix://" + os.Args[2])
	switch os.Args[1] {
	case "watch":
		must(workloadapi.WatchX509Context(ctx, watcher{}, socket))
	case "jwt":
		_, err := workloadapi.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "test"}, socket)
		print(map[string]string{"error": status.Code(err).String()})
	case "serve":
		source := open(ctx, socket)
		listener, err := tls.Listen("tcp", "127.0.0.1:0",
			tlsconfig.MTLSServerConfig(source, source, tlsconfig.AuthorizeID(spiffeid.RequireFromString(os.Args[3]))))
		must(err)
		print(map[string]string{"listening": listener.Addr().String()})
		for {
			connection, err := listener.Accept()
			must(err)
			go greet(connection.(*tls.Conn))
		}
	case "call":
		source := open(ctx, socket)
		connection, err := tls.Dial("tcp", os.Args[4],
			tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeID(spiffeid.RequireFromString(os.Args[3]))))
		must(err)
		answer, err := bufio.NewReader(connection).ReadString('\n')
		must(err)
		print(map[string]string{"answer": answer})
	}
}

func open(ctx context.Context, socket workloadapi.ClientOption) *workloadapi.X509Source {
	source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(socket))
	must(err)
	return source
}

func greet(connection *tls.Conn) {
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		print(map[string]string{"refused": err.Error()})
		return
	}
	id, err := x509svid.IDFromCert(connection.ConnectionState().PeerCertificates[0])
	must(err)
	_, _ = fmt.Fprintf(connection, "hello %s\n", id)
}

func print(line any) {
	text, err := json.Marshal(line)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
