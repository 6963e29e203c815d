import { ZendeskSimulator, type ZendeskSimulatorOptions } from './simulator.js';

/** Starts a simulator on loopback. @throws when the port is taken */
export const startZendeskSimulator = (options: ZendeskSimulatorOptions = {}): Promise<ZendeskSimulator> => ZendeskSimulator.start(options);
