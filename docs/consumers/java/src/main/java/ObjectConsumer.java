import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints the current state of an object collection and goes on with what changes. */
public final class ObjectConsumer {
  public static void main(String[] args) throws Exception {
    Map<String, String> env = System.getenv();
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", env.getOrDefault("KAFKA_BROKERS", "localhost:9092"),
        "group.id", env.getOrDefault("GROUP", "my-team"),
        "auto.offset.reset", "earliest",
        "isolation.level", "read_committed");
    Map<String, Long> newest = new HashMap<>();
    ObjectMapper json = new ObjectMapper();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      Runtime.getRuntime().addShutdownHook(new Thread(consumer::wakeup));
      consumer.subscribe(List.of(env.getOrDefault("TOPIC", "cs.objects.stripe.customers")));
      while (true) {
        for (ConsumerRecord<String, String> message : consumer.poll(Duration.ofMillis(500))) {
          if (message.value() == null) { // purged
            newest.remove(message.key());
            continue;
          }
          var record = json.readTree(message.value());
          long version = Long.parseLong(record.get("version").asText());
          if (newest.getOrDefault(message.key(), -1L) > version) continue; // an older state that came late
          newest.put(message.key(), version);
          var type = message.headers().lastHeader("ce_type");
          System.out.println(json.writeValueAsString(Map.of(
              "id", record.get("id").asText(), "version", record.get("version").asText(), "deleted", record.get("deleted").asBoolean(),
              "type", type == null ? "" : new String(type.value(), StandardCharsets.UTF_8))));
        }
      }
    } catch (WakeupException stopped) {
      // Asked to stop.
    }
  }
}
