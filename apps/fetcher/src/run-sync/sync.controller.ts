import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { SyncCommand } from '#contracts';
import { RunSyncService } from './run-sync.service.js';

/** Pattern of the handler; its topics are `sync.commands.<connector>` of the connectors that this fetcher serves. */
export const SYNC_COMMANDS = 'sync.commands';

@Controller()
export class SyncController {
  constructor(private readonly runs: RunSyncService) {}

  /** Takes the command and returns: the run itself is held by its lease, not by the message. */
  @EventPattern(SYNC_COMMANDS)
  async onCommand(@Payload() command: SyncCommand): Promise<void> { await this.runs.accept(command); }
}
