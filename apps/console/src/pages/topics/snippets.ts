/** The shortest consumer of a topic in each language; whole programs are in the repository's docs/consumers. */
export const SNIPPETS: readonly { readonly language: string; readonly title: string; readonly code: (topic: string) => string }[] = [
  {
    language: 'typescript', title: 'TypeScript',
    code: (topic) => `import { Kafka } from 'kafkajs';

const consumer = new Kafka({ brokers: ['localhost:9092'] }).consumer({ groupId: 'my-team' });
await consumer.connect();
await consumer.subscribe({ topic: '${topic}', fromBeginning: true });
await consumer.run({ eachMessage: async ({ message }) => console.log(message.key?.toString(), message.value?.toString()) });`,
  },
  {
    language: 'python', title: 'Python',
    code: (topic) => `from confluent_kafka import Consumer

consumer = Consumer({"bootstrap.servers": "localhost:9092", "group.id": "my-team", "auto.offset.reset": "earliest"})
consumer.subscribe(["${topic}"])
while True:
    message = consumer.poll(1.0)
    if message is not None and message.error() is None:
        print(message.key(), message.value())`,
  },
  {
    language: 'java', title: 'Java',
    code: (topic) => `var settings = Map.<String, Object>of("bootstrap.servers", "localhost:9092", "group.id", "my-team",
    "auto.offset.reset", "earliest", "isolation.level", "read_committed");
try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
  consumer.subscribe(List.of("${topic}"));
  while (true) consumer.poll(Duration.ofSeconds(1)).forEach(m -> System.out.println(m.key() + " " + m.value()));
}`,
  },
  {
    language: 'go', title: 'Go',
    code: (topic) => `client, err := kgo.NewClient(kgo.SeedBrokers("localhost:9092"), kgo.ConsumerGroup("my-team"),
	kgo.ConsumeTopics("${topic}"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	kgo.FetchIsolationLevel(kgo.ReadCommitted()))
if err != nil {
	log.Fatal(err)
}
for {
	client.PollFetches(ctx).EachRecord(func(m *kgo.Record) { fmt.Println(string(m.Key), string(m.Value)) })
}`,
  },
];
