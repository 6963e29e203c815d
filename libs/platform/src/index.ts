export { TRANSPORT, bootstrap, type HttpOptions } from './bootstrap.js';
export { DatabaseConfig, KafkaConfig, kafkaSettings } from './config.js';
export { Health } from './health.js';
export { runJob } from './job.js';
export { Logger } from './logger.js';
export { Metrics } from './metrics.js';
export { Setting, loadConfig, settingsOf, type SettingInfo, type SettingOptions, type SettingType } from './setting.js';
