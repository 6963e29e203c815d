import { Column, Entity, PrimaryColumn } from 'typeorm';

/** owner: everything. editor: all but members and keys. viewer: reads. */
export const ROLES = ['owner', 'editor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

@Entity('workspaces')
export class WorkspaceEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  /** IANA name: times of day, and the day that a quota counts by, are meant in it. */
  @Column('text', { default: 'UTC' }) timeZone!: string;
  /** Syncs a day that the plan allows each source; null: the operator's default, 0: as many as wanted. */
  @Column('integer', { nullable: true }) syncsPerDay!: number | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('users')
export class UserEntity {
  @PrimaryColumn('uuid') id!: string;
  /** Unique without regard to case. */
  @Column('text') email!: string;
  /** argon2id, in PHC form. */
  @Column('text') passwordHash!: string;
  /** False: the person came from an identity provider, and nobody knows the password. */
  @Column('boolean', { default: true }) hasPassword!: boolean;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('memberships')
export class MembershipEntity {
  @PrimaryColumn('uuid') workspaceId!: string;
  @PrimaryColumn('uuid') userId!: string;
  @Column('text') role!: Role;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('sessions')
export class SessionEntity {
  /** SHA-256 of the cookie's token, hex. */
  @PrimaryColumn('text') tokenHash!: string;
  /** What people and the audit log call it by; opens nothing. */
  @Column('uuid', { default: () => 'uuid_v7()' }) id!: string;
  @Column('uuid') userId!: string;
  /** The one that the person looks at; `memberships` says what they may do there. */
  @Column('uuid') workspaceId!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { default: () => 'now()' }) lastSeenAt!: Date;
  @Column('timestamptz') expiresAt!: Date;
  @Column('text', { nullable: true }) ip!: string | null;
  @Column('text', { nullable: true }) userAgent!: string | null;
}

@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') workspaceId!: string;
  @Column('text') name!: string;
  /** The key's first characters, to recognise it by. */
  @Column('text') prefix!: string;
  /** SHA-256 of the key, hex. */
  @Column('text') keyHash!: string;
  @Column('text') role!: Role;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) lastUsedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) revokedAt!: Date | null;
}
