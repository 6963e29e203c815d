import { Module } from '@nestjs/common';
import { EventForwarderService } from './event-forwarder.service.js';

@Module({ providers: [EventForwarderService] })
export class EventForwarderModule {}
