// The library under x509 needs this before it is loaded.
import 'reflect-metadata'

import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

export interface Certificates {
  /** PEM. */
  ca: string
  cert: string
  key: string
}

export interface CertificateFiles {
  caFile: string
  certFile: string
  keyFile: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000
const lifetimeDays = 365
/** A stored certificate is made anew when fewer days are left. */
const renewDays = 30

/** A private authority, whose key is thrown away, and a server certificate of it for the loopback names. */
export async function createCertificates(now = new Date()): Promise<Certificates> {
  const notBefore = new Date(now.getTime() - dayMs)
  const notAfter = new Date(now.getTime() + lifetimeDays * dayMs)
  const caKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const serverKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const caName = `CN=Tourniquet simulator CA ${now.getTime()}`
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: caName,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const server = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=127.0.0.1',
    issuer: caName,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', serverKeys.privateKey)
  return {
    ca: `${ca.toString('pem')}\n`,
    cert: `${server.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  }
}

/** Certificates in a folder, made on first use and near expiry; the key's file is readable by its owner only. */
export async function ensureCertificates(dir: string, now = new Date()): Promise<CertificateFiles> {
  const files = {
    caFile: join(dir, 'ca.pem'),
    certFile: join(dir, 'server.pem'),
    keyFile: join(dir, 'server-key.pem'),
  }
  if (areUsable(files, now)) return files
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const { ca, cert, key } = await createCertificates(now)
  // A file that is there keeps its mode when it is written again.
  rmSync(files.keyFile, { force: true })
  writeFileSync(files.keyFile, key, { mode: 0o600 })
  writeFileSync(files.certFile, cert, { mode: 0o644 })
  writeFileSync(files.caFile, ca, { mode: 0o644 })
  return files
}

function areUsable({ caFile, certFile, keyFile }: CertificateFiles, now: Date): boolean {
  try {
    const ca = new X509Certificate(readFileSync(caFile))
    const cert = new X509Certificate(readFileSync(certFile))
    const soon = now.getTime() + renewDays * dayMs
    const isFresh = [ca, cert].every((one) => Date.parse(one.validTo) > soon)
    return isFresh && cert.verify(ca.publicKey) && readFileSync(keyFile, 'utf8').includes('PRIVATE KEY')
  } catch {
    // Missing or unreadable: they are made anew.
    return false
  }
}

const serialNumber = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')
