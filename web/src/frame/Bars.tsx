/** The bars above everything: the sandbox while it is active, and a lost connection. */
import { IconCloudOff, IconFlask } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useConnection } from '../api/live'
import { queries } from '../api/queries'
import { Moment } from '../components/Moment'
import { SandboxSwitchDialog } from './SandboxSwitchDialog'

export function SandboxBar() {
  const sandbox = useQuery(queries.sandbox())
  const automations = useQuery(queries.automations())
  const [isLeaving, setLeaving] = useState(false)
  if (!sandbox.data?.active) return null
  const changes = (automations.data ?? []).filter((automation) => automation.environments.sandbox).length
  return (
    <section className="bar bar-sandbox" aria-label="Sandbox">
      <IconFlask size={18} aria-hidden />
      <span className="bar-words">
        <b>{sandbox.data.name || 'Sandbox'} is active</b>
        {sandbox.data.since && (
          <>
            {' '}
            since <Moment at={sandbox.data.since} />
          </>
        )}
        {' · '}
        {changes === 1 ? '1 change' : `${changes} changes`}
      </span>
      <Link to="/sandbox">Review &amp; promote</Link>
      <button type="button" onClick={() => setLeaving(true)}>
        Leave
      </button>
      <SandboxSwitchDialog opened={isLeaving} active={false} onClose={() => setLeaving(false)} />
    </section>
  )
}

export function ConnectionBar() {
  const connection = useConnection()
  return (
    <div role="status">
      {connection === 'lost' && (
        <div className="bar bar-lost">
          <IconCloudOff size={18} aria-hidden />
          <span className="bar-words">
            The connection to the server is lost; reconnecting. What you see may be old, what you type is
            kept.
          </span>
        </div>
      )}
    </div>
  )
}
