import { ActionIcon, Menu, Popover, Text, Tooltip, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSearch, IconSun, IconUserCircle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '../api/queries'
import { CommandPalette } from './CommandPalette'
import { useShortcut } from './useShortcut'

const THEMES = {
  auto: { word: 'As the system', icon: IconDeviceDesktop },
  light: { word: 'Light', icon: IconSun },
  dark: { word: 'Dark', icon: IconMoon },
} as const

export function TopBar() {
  const [isOpen, setOpen] = useState(false)
  useShortcut('mod+k', () => setOpen(true))
  return (
    <header className="top">
      <button type="button" className="top-search" onClick={() => setOpen(true)}>
        <IconSearch size={16} aria-hidden />
        <span>Search and commands</span>
        <kbd aria-hidden>{/Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <div className="top-end">
        <ThemeMenu />
        <Who />
      </div>
      <CommandPalette opened={isOpen} onClose={() => setOpen(false)} />
    </header>
  )
}

function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Current = THEMES[colorScheme].icon
  return (
    <Menu>
      <Menu.Target>
        <Tooltip label="Light or dark">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Theme: ${THEMES[colorScheme].word}`}
          >
            <Current size={18} color="var(--ink-soft)" />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(THEMES) as Array<keyof typeof THEMES>).map((scheme) => {
          const { word, icon: Icon } = THEMES[scheme]
          return (
            <Menu.Item key={scheme} leftSection={<Icon size={16} />} onClick={() => setColorScheme(scheme)}>
              {word}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

function Who() {
  const me = useQuery(queries.me())
  const isOpenMode = me.data?.auth === 'open'
  const name = me.data?.name ?? 'You'
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      {isOpenMode && <span className="who">Open mode, no sign-in</span>}
      <Popover
        opened={isOpen}
        onChange={setOpen}
        withinPortal={false}
        width={280}
        position="bottom-end"
        shadow="md"
        withRoles={false}
      >
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Who you are"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            <IconUserCircle size={20} color="var(--ink-soft)" />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown p={0}>
          <Text size="sm" p="xs">
            {me.data === undefined && 'Who you are is not known yet.'}
            {isOpenMode &&
              'Open mode: everybody on this machine works as administrator, without signing in. Set AUTH=required to ask for a key.'}
            {me.data && !isOpenMode && `${name}, ${me.data.role}`}
          </Text>
          {me.data?.tenant_id && (
            <Text size="sm" px="xs" pb="xs" c="dimmed">
              Tenant: {me.data.tenant_id}
            </Text>
          )}
        </Popover.Dropdown>
      </Popover>
    </>
  )
}
