import { bootstrap } from '#platform';
import { EventForwarderConfig } from './event-forwarder.config.js';
import { EventForwarderModule } from './event-forwarder.module.js';

await bootstrap(EventForwarderModule, EventForwarderConfig);
