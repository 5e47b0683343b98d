import type { Command } from 'commander';
import type { AutoOffSetting, AutoStartSetting, Dotfiles, RebuildInput, Weekday } from '../../contract/payloads';
import {
  collectEnv,
  parseAutoOff,
  parseAutoStart,
  parseDotfiles,
  parseDotfilesRef,
  parseImage,
  parseResource,
  parseText,
  parseWeekdays,
} from './arguments';

/** What `addBuildOptions` reads. */
export interface BuildOptions {
  image?: string;
  cpu?: string;
  memory?: string;
  disk?: string;
  env?: Record<string, string>;
}

/** What `addSettingOptions` reads. */
export interface SettingOptions extends BuildOptions {
  autoStart?: AutoStartSetting;
  weekdays?: Weekday[];
  autoOff?: string;
  dotfiles?: Dotfiles;
  dotfilesRef?: string;
}

/** The options that say what a build makes. */
export function addBuildOptions(command: Command): Command {
  return command
    .option('--image <reference>', 'image, such as starter:1', parseImage)
    .option('--cpu <quantity>', 'cores, such as 500m or 2', parseResource('cpu'))
    .option('--memory <quantity>', 'memory, such as 4Gi', parseResource('memory'))
    .option('--disk <quantity>', 'size of the home, such as 10Gi; it may grow, never shrink', parseResource('disk'))
    .option(
      '--env <KEY=VALUE>',
      'environment of the workspace, repeatable; all of it is replaced. Not for secrets: it is stored in histories',
      collectEnv,
    );
}

/** All options that a workspace keeps as its own settings. */
export function addSettingOptions(command: Command): Command {
  return addPersonalOptions(addBuildOptions(command))
    .option('--weekdays <list>', 'weekdays of the daily start, such as mon,tue', parseWeekdays)
    .option('--auto-off <duration>', 'stop after this time without access, such as 2h, or never', parseAutoOff);
}

/** The settings that an owner has too, as defaults of the owner's workspaces. */
export function addPersonalOptions(command: Command): Command {
  return command
    .option('--auto-start <text>', 'daily start, "HH:MM ZONE", such as "08:30 Europe/Berlin"', parseAutoStart)
    .option('--dotfiles <URI>', 'Git repository of dot-files; blank for none', parseDotfiles)
    .option(
      '--dotfiles-ref <ref>',
      'its branch, tag, or commit (default: the head of its default branch at each build)',
      parseDotfilesRef,
    );
}

/** Who asks; every request takes it. */
export function addByOption(command: Command): Command {
  return command.option('--by <name>', 'who asks (default: your name on this machine)', parseText);
}

/** What a build makes, as a request carries it: only what was given. */
export function readBuildOptions({
  image,
  cpu,
  memory,
  disk,
  env,
}: BuildOptions): Pick<RebuildInput, 'image' | 'resources' | 'env'> {
  const resources = { ...(cpu && { cpu }), ...(memory && { memory }), ...(disk && { disk }) };
  return { ...(image && { image }), ...(Object.keys(resources).length > 0 && { resources }), ...(env && { env }) };
}

/** All settings that were given, as a request carries them. */
export function readSettingOptions(
  options: SettingOptions,
  command: Command,
): ReturnType<typeof readBuildOptions> & GivenSettings {
  const { autoStart, weekdays, autoOff, dotfiles, dotfilesRef } = options;
  if (weekdays && !autoStart) command.error("error: option '--weekdays <list>' needs '--auto-start <text>' beside it");
  if (dotfilesRef && !dotfiles?.uri) command.error("error: option '--dotfiles-ref <ref>' needs '--dotfiles <URI>' beside it");
  return {
    ...readBuildOptions(options),
    ...(autoStart && { autoStart: { ...autoStart, ...(weekdays && { weekdays }) } }),
    ...(autoOff && { autoOff: { after: autoOff } }),
    ...(dotfiles && { dotfiles: { ...dotfiles, ...(dotfilesRef && { ref: dotfilesRef }) } }),
  };
}

interface GivenSettings {
  autoStart?: AutoStartSetting;
  autoOff?: AutoOffSetting;
  dotfiles?: Dotfiles;
}
