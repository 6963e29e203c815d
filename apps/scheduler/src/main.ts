import { bootstrap } from '#platform';
import { SchedulerConfig } from './scheduler.config.js';
import { SchedulerModule } from './scheduler.module.js';

await bootstrap(SchedulerModule, SchedulerConfig);
