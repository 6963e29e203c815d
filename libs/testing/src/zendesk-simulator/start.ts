import { controlAnswer } from './control.js';
import { ZendeskSimulator, type ZendeskSimulatorOptions } from './simulator.js';

/** Starts a simulator on loopback. @throws when the port is taken */
export async function startZendeskSimulator(options: ZendeskSimulatorOptions = {}): Promise<ZendeskSimulator> {
  const simulator = await ZendeskSimulator.start(options);
  if (options.control === true) simulator.answerControl((method, path, body) => controlAnswer(simulator, method, path, body));
  return simulator;
}
