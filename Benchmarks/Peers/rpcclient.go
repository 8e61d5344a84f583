// The same calls with Go's net/http: what our own client is compared with.
//
// Usage: go run rpcclient.go HOST:PORT IDENTITY CONNECTIONS INFLIGHT CALLS
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const params = `{"target":"edge-1.example.net","type":"icmp","count":10,"interval_ms":2500,"tags":["eu","core","bb"],` +
	`"origin":"agent-17","note":"a note of some length to fill the body to size"}`

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

type request struct {
	JSONRPC string          `json:"jsonrpc"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	ID      int64           `json:"id"`
}

type response struct {
	JSONRPC string          `json:"jsonrpc"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
	ID      int64           `json:"id"`
}

func call(client *http.Client, url string, id int64) error {
	body, err := json.Marshal(request{"2.0", "echo.say", json.RawMessage(params), id})
	if err != nil {
		return err
	}
	outgoing, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	outgoing.Header.Set("Content-Type", "application/json")
	outgoing.Header.Set("Deadline", "10000")
	outgoing.Header.Set("Traceparent", traceparent)
	incoming, err := client.Do(outgoing)
	if err != nil {
		return err
	}
	defer incoming.Body.Close()
	reply, err := io.ReadAll(incoming.Body)
	if err != nil {
		return err
	}
	var answer response
	if err := json.Unmarshal(reply, &answer); err != nil {
		return err
	}
	if answer.ID != id || len(answer.Result) == 0 {
		return fmt.Errorf("answered %s", reply)
	}
	return nil
}

// newClient keeps to one connection, as each of our own does.
func newClient(identity string) *http.Client {
	authority, err := os.ReadFile(identity + "/ca.crt")
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(identity+"/tls.crt", identity+"/tls.key")
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		MaxConnsPerHost:   1,
		TLSClientConfig: &tls.Config{
			RootCAs: pool, Certificates: []tls.Certificate{certificate}, ServerName: "localhost",
		},
	}}
}

func processorSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)*1e-6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	url, identity := "https://"+os.Args[1]+"/rpc", os.Args[2]
	connections, inFlight, calls := number(os.Args[3]), number(os.Args[4]), int64(number(os.Args[5]))
	clients := make([]*http.Client, connections)
	for index := range clients {
		clients[index] = newClient(identity)
		if err := call(clients[index], url, 0); err != nil {
			log.Fatal(err)
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	used, start := processorSeconds(), time.Now()
	for index := range connections * inFlight {
		group.Add(1)
		go func() {
			defer group.Done()
			for id := next.Add(1); id <= calls; id = next.Add(1) {
				if err := call(clients[index%connections], url, id); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	group.Wait()
	seconds := time.Since(start).Seconds()
	used = processorSeconds() - used
	fmt.Printf("%.0f calls/s %.2f cpu_us/call\n", float64(calls)/seconds, used/float64(calls)*1e6)
}
