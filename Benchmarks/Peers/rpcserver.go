// The same JSON-RPC echo on Go's net/http, HTTP/2 and mutual TLS: what our own server is compared with.
//
// Like ours, it takes the envelope apart, honours the deadline, reads the trace context, finds the method in a table,
// and sends the params back as they came: encoding/json reads them as a RawMessage and never decodes them.
//
// Usage: go run rpcserver.go IDENTITY PORT
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

type request struct {
	JSONRPC string          `json:"jsonrpc"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	ID      json.RawMessage `json:"id"`
}

type response struct {
	JSONRPC string          `json:"jsonrpc"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
	ID      json.RawMessage `json:"id"`
}

type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type handler func(ctx context.Context, params json.RawMessage) (json.RawMessage, error)

var methods = map[string]handler{
	"echo.say": func(ctx context.Context, params json.RawMessage) (json.RawMessage, error) { return params, ctx.Err() },
}

type traceKey struct{}

func answer(ctx context.Context, body []byte) response {
	var call request
	if err := json.Unmarshal(body, &call); err != nil {
		return response{JSONRPC: "2.0", Error: &failure{-32700, "not JSON"}, ID: json.RawMessage("null")}
	}
	method, found := methods[call.Method]
	if !found || call.JSONRPC != "2.0" {
		return response{JSONRPC: "2.0", Error: &failure{-32601, "no such method"}, ID: call.ID}
	}
	result, err := method(ctx, call.Params)
	if err != nil {
		return response{JSONRPC: "2.0", Error: &failure{-32603, "internal error"}, ID: call.ID}
	}
	return response{JSONRPC: "2.0", Result: result, ID: call.ID}
}

func serve(writer http.ResponseWriter, incoming *http.Request) {
	body, err := io.ReadAll(io.LimitReader(incoming.Body, 8<<20))
	if err != nil || incoming.URL.Path != "/rpc" || incoming.Header.Get("Content-Type") != "application/json" {
		http.Error(writer, "not a call", http.StatusBadRequest)
		return
	}
	ctx := context.WithValue(incoming.Context(), traceKey{}, incoming.Header.Get("Traceparent"))
	if milliseconds, err := strconv.Atoi(incoming.Header.Get("Deadline")); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(milliseconds)*time.Millisecond)
		defer cancel()
	}
	reply, err := json.Marshal(answer(ctx, body))
	if err != nil {
		http.Error(writer, "internal error", http.StatusInternalServerError)
		return
	}
	writer.Header().Set("Content-Type", "application/json")
	writer.Write(reply)
}

func main() {
	identity, port := os.Args[1], os.Args[2]
	authority, err := os.ReadFile(identity + "/ca.crt")
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	server := &http.Server{
		Addr:    "127.0.0.1:" + port,
		Handler: http.HandlerFunc(serve),
		TLSConfig: &tls.Config{
			ClientAuth: tls.RequireAndVerifyClientCert,
			ClientCAs:  pool,
			MinVersion: tls.VersionTLS13,
		},
	}
	log.Fatal(server.ListenAndServeTLS(identity+"/tls.crt", identity+"/tls.key"))
}
