import { type Cmdlet, readers } from '../cmdlet.ts'

export const getOrganizationConfig: Cmdlet = {
  name: 'Get-OrganizationConfig',
  roles: readers,
  mutates: false,
  properties: {
    Identity: 'String',
    Name: 'String',
    DisplayName: 'String',
    Guid: 'Guid',
    AuditDisabled: 'Boolean',
    IsDehydrated: 'Boolean',
    ExchangeVersion: 'String',
    WhenCreated: 'DateTime',
  },
  run: ({ tenant }) => {
    const name = tenant.domains[0]?.id ?? tenant.id
    return {
      value: [
        {
          Identity: name,
          Name: name,
          DisplayName: tenant.displayName,
          Guid: tenant.id,
          AuditDisabled: false,
          IsDehydrated: false,
          ExchangeVersion: '0.20 (15.0.0.0)',
          WhenCreated: '2025-03-03T08:00:00Z',
        },
      ],
    }
  },
}
