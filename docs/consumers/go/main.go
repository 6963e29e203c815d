// Prints the current state of an object collection and goes on with what changes.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

type objectRecord struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Deleted bool   `json:"deleted"`
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("KAFKA_BROKERS", "localhost:9092"), ",")...),
		kgo.ConsumerGroup(env("GROUP", "my-team")),
		kgo.ConsumeTopics(env("TOPIC", "cs.objects.stripe.customers")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	newest := map[string]int64{}
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 && ctx.Err() == nil {
			log.Fatal(errs)
		}
		fetches.EachRecord(func(message *kgo.Record) {
			key := string(message.Key)
			if message.Value == nil { // purged
				delete(newest, key)
				return
			}
			var record objectRecord
			if err := json.Unmarshal(message.Value, &record); err != nil {
				log.Fatal(err)
			}
			version, err := strconv.ParseInt(record.Version, 10, 64)
			if err != nil {
				log.Fatal(err)
			}
			if known, ok := newest[key]; ok && known > version { // an older state that came late
				return
			}
			newest[key] = version
			kind := ""
			for _, header := range message.Headers {
				if header.Key == "ce_type" {
					kind = string(header.Value)
				}
			}
			line, _ := json.Marshal(map[string]any{"id": record.ID, "version": record.Version, "deleted": record.Deleted, "type": kind})
			os.Stdout.Write(append(line, '\n'))
		})
	}
}
