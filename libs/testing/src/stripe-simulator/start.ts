import { controlAnswer } from './control.js';
import { StripeSimulator, type StripeSimulatorOptions } from './simulator.js';

/** Starts a simulator on loopback. @throws when the port is taken */
export async function startStripeSimulator(options: StripeSimulatorOptions = {}): Promise<StripeSimulator> {
  const simulator = await StripeSimulator.start(options);
  if (options.control === true) simulator.answerControl((method, path, body) => controlAnswer(simulator, method, path, body));
  return simulator;
}
