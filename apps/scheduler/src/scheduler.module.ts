import { Module } from '@nestjs/common';
import { DeadLettersService } from './dead-letters/dead-letters.service.js';
import { SchedulerService } from './scheduler.service.js';

@Module({ providers: [SchedulerService, DeadLettersService] })
export class SchedulerModule {}
