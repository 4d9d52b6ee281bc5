import {
  IconArrowsLeftRight,
  IconBolt,
  IconChecklist,
  IconChevronsLeft,
  IconChevronsRight,
  IconFlask,
  IconSettings,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../api/queries'

const PLACES = [
  { to: '/automations', word: 'Automations', icon: IconBolt },
  { to: '/runs', word: 'Runs', icon: IconArrowsLeftRight },
  { to: '/tasks', word: 'Tasks', icon: IconChecklist },
  { to: '/sandbox', word: 'Sandbox', icon: IconFlask },
  { to: '/settings', word: 'Settings', icon: IconSettings },
] as const

export function Rail({ isCollapsed, onFold }: { isCollapsed: boolean; onFold: () => void }) {
  const tasks = useQuery(queries.tasks())
  const count = tasks.data?.length ?? 0
  return (
    <nav className="rail" aria-label="Main" data-collapsed={isCollapsed || undefined}>
      <Link to="/automations" className="brand" aria-label="Automations, home">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="#3056d3" />
          <path
            d="M10 8v8a4 4 0 0 0 4 4h8M18 16l4 4-4 4"
            fill="none"
            stroke="#fff"
            strokeWidth="3"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
          <circle cx="10" cy="8" r="3" fill="#fff" />
        </svg>
        <span className="rail-word">Automations</span>
      </Link>
      {PLACES.map(({ to, word, icon: Icon }) => (
        <Link key={to} to={to} className="rail-link" title={isCollapsed ? word : undefined}>
          <Icon aria-hidden />
          <span className="rail-word">{word}</span>
          {to === '/tasks' && count > 0 && (
            <span className="rail-count">
              {count >= 200 ? '200+' : count}
              <span className="sr-only"> open</span>
            </span>
          )}
        </Link>
      ))}
      <div className="rail-foot">
        <button
          type="button"
          className="rail-link rail-fold"
          onClick={onFold}
          aria-label={isCollapsed ? 'Show the names in the menu' : 'Fold the menu'}
        >
          {isCollapsed ? <IconChevronsRight aria-hidden /> : <IconChevronsLeft aria-hidden />}
          <span className="rail-word">Fold</span>
        </button>
      </div>
    </nav>
  )
}
