import { controlAnswer } from './control.js';
import { SalesforceSimulator, type SalesforceSimulatorOptions } from './simulator.js';

/** Starts a simulator on loopback. @throws when the port is taken */
export async function startSalesforceSimulator(options: SalesforceSimulatorOptions = {}): Promise<SalesforceSimulator> {
  const simulator = await SalesforceSimulator.start(options);
  if (options.control === true) simulator.server.control = (method, path, body) => controlAnswer(simulator, method, path, body);
  return simulator;
}
