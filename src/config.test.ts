import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigFault, consentPage, environmentNames, readConfig } from './config.ts'
import { edgeDefaults } from './server/edge-options.ts'

const sealingKey = randomBytes(32).toString('base64')
const complete = {
  PUBLIC_URL: 'https://tourniquet.example.com/',
  DATABASE_URL: 'postgres://app:pw@localhost:5432/tourniquet',
  M365_CLIENT_ID: '5D0E5E2B-8E06-4B0C-9A3B-000000000001',
  M365_CLIENT_SECRET: 'canary-client-secret',
  API_AUDIENCE: '5d0e5e2b-8e06-4b0c-9a3b-000000000001',
  SEALING_KEY: sealingKey,
}

const faultsOf = (env: Record<string, string | undefined>, purpose: 'GATEWAY' | 'WORKER' = 'GATEWAY') => {
  try {
    readConfig(purpose, env)
    return []
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults
    throw error
  }
}

describe('the environment', () => {
  test('with only what is needed gives the defaults and the endpoints of the cloud', () => {
    const { config, secrets } = readConfig('GATEWAY', complete)
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'https://tourniquet.example.com',
      clientId: '5d0e5e2b-8e06-4b0c-9a3b-000000000001',
      publisherTenantId: null,
      worker: true,
      credential: 'SECRET',
      entraUrl: 'https://login.microsoftonline.com',
      graphUrl: 'https://graph.microsoft.com',
      exchangeUrl: 'https://outlook.office365.com',
      managementUrl: 'https://manage.office.com',
      mail: null,
      otelEndpoint: null,
      shutdownDelaySeconds: 5,
      supportEmail: null,
      eventRetentionDays: null,
      introspection: 'people',
      mutationsPerDocumentMax: 1,
      trustedDocuments: null,
      edge: edgeDefaults,
    })
    expect(secrets.sealingKeys).toHaveLength(1)
  })

  test('takes the endpoints of another cloud, and single ones of one’s own', () => {
    const { config } = readConfig('GATEWAY', {
      ...complete,
      M365_CLOUD: 'usgov',
      MANAGEMENT_URL: 'https://manage.example.com/',
    })
    expect(config).toMatchObject({
      exchangeUrl: 'https://outlook.office365.us',
      managementUrl: 'https://manage.example.com',
    })
    expect(readConfig('GATEWAY', { ...complete, M365_CLOUD: 'dod' }).config.managementUrl).toBe(
      'https://manage.protection.apps.mil',
    )
    expect(faultsOf({ ...complete, MANAGEMENT_URL: 'http://localhost:4443' })).toHaveLength(1)
    const publisher = '5D0E5E2B-8E06-4B0C-9A3B-000000000009'
    expect(readConfig('GATEWAY', { ...complete, M365_PUBLISHER_TENANT_ID: publisher }).config.publisherTenantId).toBe(
      publisher.toLowerCase(),
    )
    expect(faultsOf({ ...complete, M365_PUBLISHER_TENANT_ID: 'litware.com' })).toHaveLength(1)
    expect(readConfig('GATEWAY', { ...complete, WORKER: 'off' }).config.worker).toBe(false)
    expect(faultsOf({ ...complete, WORKER: 'no' })).toEqual(['WORKER must be on or off.'])
  })

  test('says whom the gateway lets in, and how often', () => {
    const { config } = readConfig('GATEWAY', {
      ...complete,
      CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
      TRUSTED_PROXIES: '10.0.0.0/8,fd00::/8 , 192.0.2.1',
      RATE_LIMIT_TENANT_WRITES: '30',
      SHED_IN_FLIGHT: '500',
    })
    expect(config.edge).toMatchObject({
      corsOrigins: ['https://app.example.com', 'http://localhost:5173'],
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      rateLimits: { operatorReads: 12_000, tenantWrites: 30 },
      load: { inFlightMax: 500 },
    })
  })

  test.each([
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['CORS_ORIGINS', 'https://APP.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com:443'],
    ['CORS_ORIGINS', 'https://app.example.com,'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['TRUSTED_PROXIES', 'proxy.example.com'],
    ['TRUSTED_PROXIES', '10.0.0.0/99'],
    ['TRUSTED_PROXIES', '10.0.0.0/'],
    ['TRUSTED_PROXIES', '*'],
    ['RATE_LIMIT_OPERATOR_READS', '0'],
    ['RATE_LIMIT_FAILED_SIGN_INS', 'many'],
    ['SHED_EVENT_LOOP_DELAY_MS', '1'],
  ])('takes no %s=%s', (name, value) => {
    expect(faultsOf({ ...complete, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} must `))])
  })

  test('names every fault at once and says what to do', () => {
    const faults = faultsOf({ PORT: '99999', M365_CLOUD: 'moon', SMTP_URL: 'smtp://mail.example.com' })
    for (const name of [
      'PUBLIC_URL',
      'DATABASE_URL',
      'M365_CLIENT_ID',
      'API_AUDIENCE',
      'SEALING_KEY',
      'PORT',
      'M365_CLOUD',
      'M365_CLIENT_SECRET',
      'MAIL_FROM',
    ]) {
      expect(
        faults.filter((fault) => fault.includes(name)),
        name,
      ).not.toHaveLength(0)
    }
    expect(faults.every((fault) => fault.endsWith('.') && fault.length > 20)).toBe(true)
  })

  test('is faulty where a sealing key is not 32 bytes, and takes several', () => {
    expect(faultsOf({ ...complete, SEALING_KEY: 'c2hvcnQ=' })).toEqual([
      expect.stringContaining('SEALING_KEY must be 32 bytes'),
    ])
    const { secrets } = readConfig('GATEWAY', {
      ...complete,
      SEALING_KEY: `${sealingKey}, ${randomBytes(32).toString('base64')}`,
    })
    expect(secrets.sealingKeys).toHaveLength(2)
  })

  test('keeps events for ever, or for a number of days that no slip of a finger makes tiny', () => {
    expect(
      readConfig('WORKER', {
        ...complete,
        DATABASE_JOBS_URL: 'postgres://jobs:pw@localhost/tourniquet',
        EVENT_RETENTION_DAYS: '365',
      }).config.eventRetentionDays,
    ).toBe(365)
    for (const wrong of ['0', '6', '3651', '1 year', '-365']) {
      expect(faultsOf({ ...complete, EVENT_RETENTION_DAYS: wrong })).toEqual([
        expect.stringContaining('EVENT_RETENTION_DAYS must be'),
      ])
    }
  })

  test('says what documents may be, and who is bound to trusted ones', () => {
    const key = '0199F0AA-0000-7000-8000-000000000001'
    const documents = { TRUSTED_DOCUMENTS_PATH: '/etc/tourniquet/documents' }
    expect(
      readConfig('GATEWAY', {
        ...complete,
        ...documents,
        INTROSPECTION: 'off',
        MUTATIONS_PER_DOCUMENT_MAX: '3',
        TRUSTED_DOCUMENTS_ONLY_FOR: `APPLICATION, ${key}`,
      }).config,
    ).toMatchObject({
      introspection: 'off',
      mutationsPerDocumentMax: 3,
      trustedDocuments: { path: '/etc/tourniquet/documents', onlyFor: ['APPLICATION', key.toLowerCase()] },
    })
    expect(readConfig('GATEWAY', { ...complete, ...documents }).config.trustedDocuments?.onlyFor).toEqual([])
    expect(
      faultsOf({
        ...complete,
        INTROSPECTION: 'yes',
        MUTATIONS_PER_DOCUMENT_MAX: '0',
        TRUSTED_DOCUMENTS_ONLY_FOR: 'Web',
      }),
    ).toEqual([
      'INTROSPECTION must be one of on, people, off.',
      'MUTATIONS_PER_DOCUMENT_MAX must be from 1 to 20.',
      expect.stringContaining('TRUSTED_DOCUMENTS_ONLY_FOR must list'),
      expect.stringContaining('TRUSTED_DOCUMENTS_ONLY_FOR needs TRUSTED_DOCUMENTS_PATH'),
    ])
  })

  test('needs the address of the jobs for a worker alone', () => {
    expect(faultsOf(complete)).toEqual([])
    expect(faultsOf(complete, 'WORKER')).toEqual([expect.stringContaining('DATABASE_JOBS_URL')])
  })

  test('refuses plain http for endpoints of Microsoft, and two credentials', () => {
    expect(
      faultsOf({ ...complete, GRAPH_URL: 'http://localhost:4443', M365_CLIENT_CERTIFICATE_PATH: '/x.pem' }),
    ).toHaveLength(2)
  })

  test('takes the workload identity that Azure sets', () => {
    const { config } = readConfig('GATEWAY', {
      ...complete,
      M365_CLIENT_SECRET: '',
      AZURE_FEDERATED_TOKEN_FILE: '/token',
    })
    expect(config.credential).toBe('WORKLOAD_IDENTITY')
  })

  test('keeps every secret out of what may be logged', () => {
    const { config } = readConfig('WORKER', {
      ...complete,
      DATABASE_JOBS_URL: 'postgres://jobs:canary-jobs@localhost/tourniquet',
      SMTP_URL: 'smtps://user:canary-mail@mail.example.com',
      MAIL_FROM: 'tourniquet@example.com',
    })
    expect(JSON.stringify(config)).not.toMatch(/canary|pw@/)
    expect(JSON.stringify(config)).not.toContain(sealingKey)
  })

  test('never repeats a secret in a fault', () => {
    expect(faultsOf({ ...complete, DATABASE_URL: 'canary', SEALING_KEY: 'canary' }).join()).not.toContain('canary')
  })
})

test('.env.example lists exactly the variables that are read', () => {
  const text = readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8')
  const listed = text.split('\n').flatMap((line) => /^#?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? [])
  expect(listed.toSorted()).toEqual([...environmentNames].toSorted())
})

test('the consent page belongs to the configured cloud, and is unknown without a client id', () => {
  const tenantId = '11111111-2222-4333-8444-555555555555'
  expect(consentPage(tenantId, {})).toBeNull()
  expect(consentPage(tenantId, { M365_CLIENT_ID: 'x', M365_CLOUD: 'usgov' })).toMatch(
    /^https:\/\/login\.microsoftonline\.us\/11111111-.*\/v2\.0\/adminconsent\?client_id=x&scope=/,
  )
})
