// Produces, consumes in a group, resumes, runs transactions and administers through franz-go; prints one JSON document.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func main() {
	server, topic, verb, args := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	seeds := []kgo.Opt{kgo.SeedBrokers(server)}
	var answer any
	var err error
	switch verb {
	case "produce": // PREFIX CODEC COUNT
		answer, err = produce(ctx, seeds, topic, args[0], args[1], number(args[2]))
	case "consume": // GROUP COUNT
		answer, err = consume(ctx, seeds, topic, args[0], number(args[1]))
	case "transaction": // VALUE commit|abort
		answer, err = transaction(ctx, seeds, topic, args[0], args[1] == "commit")
	case "admin": // GROUP
		answer, err = administer(ctx, seeds, topic, args[0])
	default:
		err = errors.New("unknown: " + verb)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return value
}

func produce(ctx context.Context, opts []kgo.Opt, topic, prefix, codec string, count int) (any, error) {
	client, err := kgo.NewClient(append(opts, kgo.ProducerBatchCompression(codecs[codec]))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	records := make([]*kgo.Record, count)
	for i := range records {
		records[i] = &kgo.Record{Topic: topic, Key: []byte(strconv.Itoa(i)), Value: []byte(fmt.Sprintf("%s-%d", prefix, i))}
	}
	return count, client.ProduceSync(ctx, records...).FirstErr()
}

func consume(ctx context.Context, opts []kgo.Opt, topic, group string, count int) (any, error) {
	client, err := kgo.NewClient(append(opts,
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	values := []string{}
	for len(values) < count {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	sort.Strings(values)
	return values, client.CommitUncommittedOffsets(ctx)
}

func transaction(ctx context.Context, opts []kgo.Opt, topic, value string, commit bool) (any, error) {
	client, err := kgo.NewClient(append(opts, kgo.TransactionalID("franz-"+topic))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		return nil, err
	}
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
		return nil, err
	}
	return commit, client.EndTransaction(ctx, kgo.TransactionEndTry(commit))
}

func administer(ctx context.Context, opts []kgo.Opt, topic, group string) (any, error) {
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	made := topic + "-made"
	retention := "1000000"
	if _, err := admin.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": &retention}, made); err != nil {
		return nil, err
	}
	if _, err := admin.CreatePartitions(ctx, 1, made); err != nil {
		return nil, err
	}
	details, err := admin.ListTopics(ctx, made)
	if err != nil {
		return nil, err
	}
	configs, err := admin.DescribeTopicConfigs(ctx, made)
	if err != nil {
		return nil, err
	}
	config, err := configs.On(made, nil)
	if err != nil {
		return nil, err
	}
	for _, pair := range config.Configs {
		if pair.Key == "retention.ms" {
			retention = pair.MaybeValue()
		}
	}
	lags, err := admin.Lag(ctx, group)
	if err != nil {
		return nil, err
	}
	groups, err := admin.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	_, err = admin.DeleteTopic(ctx, made)
	return map[string]any{
		"partitions": len(details[made].Partitions), "retention": retention,
		"lag": lags[group].Lag.Total(), "listed": contains(groups.Groups(), group),
	}, err
}

func contains(names []string, wanted string) bool {
	for _, name := range names {
		if name == wanted {
			return true
		}
	}
	return false
}
