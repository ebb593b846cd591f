// Writes a Thunderbird profile: user.js (account, quiet prefs) and cert_override.txt.

import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const SOCKET = { plain: 0, starttls: 2, tls: 3 };

const quietPrefs = {
  // no first-run pages, dialogs, default-client question, donation/what's-new tabs
  "mail.shell.checkDefaultClient": false,
  "mail.rights.version": 1,
  "mail.spotlight.firstRunDone": true,
  "mail.winsearch.firstRunDone": true,
  "mailnews.start_page.enabled": false,
  "mailnews.start_page_override.mstone": "ignore",
  "mail.provider.suppress_dialog_on_startup": true,
  "app.donation.eoy.version.viewed": 999,
  "mail.inappnotifications.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
  "datareporting.healthreport.uploadEnabled": false,
  "toolkit.telemetry.enabled": false,
  "toolkit.telemetry.unified": false,
  "toolkit.telemetry.server": "",
  "app.shield.optoutstudies.enabled": false,
  "messaging-system.rsexperimentloader.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "mail.chat.enabled": false,
  "calendar.timezone.useSystemTimezone": true,
  "mail.tabs.drawInTitlebar": false,
  "ui.prefersReducedMotion": 1,
  "mailnews.database.global.indexer.enabled": true,
  // nothing leaves the machine
  "app.update.enabled": false,
  "app.update.auto": false,
  "app.update.disabledForTesting": true,
  "extensions.update.enabled": false,
  "extensions.getAddons.cache.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "extensions.blocklist.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "services.settings.loglevel": "off",
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "mail.phishing.detection.enabled": true,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "network.prefetch-next": false,
  "media.gmp-manager.updateEnabled": false,
  "media.gmp-manager.url": "",
  "geo.enabled": false,
  "app.normandy.enabled": false,
  "network.manage-offline-status": false,
  "offline.startup_state": 0,
  "offline.autoDetect": false,
  "network.online": true,
  "dom.push.enabled": false,
  "browser.region.update.enabled": false,
  "network.trr.mode": 5,
  "security.OCSP.enabled": 0,
  "mailnews.auto_config_url": "",
  "mailnews.mx_service_url": "",
  "mail.cloud_files.enabled": false,
  "browser.region.network.url": "",
  "mail.biff.play_sound": false,
  "browser.ml.enable": false,
  // automation
  "remote.prefs.recommended": false,
  "marionette.prefs.recommended": false,
  "remote.log.truncate": false,
  "browser.dom.window.dump.enabled": true,
  "devtools.console.stdout.chrome": true,
  "toolkit.startup.max_resumed_crashes": -1,
};

/** o: dir, host, imapPort, smtpPort, user, smtpUser, email, name, tls (plain|starttls|tls), smtpTls, marionettePort, cert, prefs, idle */
export function writeProfile(o) {
  fs.mkdirSync(o.dir, { recursive: true });
  const sock = SOCKET[o.tls || "plain"],
    ssock = SOCKET[o.smtpTls || o.tls || "plain"];
  const account = o.noAccount
    ? {}
    : {
        "mail.accountmanager.accounts": "account1,account2",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.accountmanager.localfoldersserver": "server2",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        "mail.account.account2.server": "server2",
        "mail.account.lastKey": 2,
        "mail.server.lastKey": 2,
        "mail.identity.lastKey": 1,
        "mail.server.server1.type": "imap",
        "mail.server.server1.hostname": o.host,
        "mail.server.server1.port": o.imapPort,
        "mail.server.server1.userName": o.user,
        "mail.server.server1.name": o.email,
        "mail.server.server1.socketType": sock,
        "mail.server.server1.authMethod": 3,
        "mail.server.server1.login_at_startup": true,
        "mail.server.server1.check_new_mail": o.poll !== false,
        "mail.server.server1.check_time": o.checkMinutes || 10,
        "mail.server.server1.use_idle": o.idle !== false,
        "mail.server.server1.storeContractID": "@mozilla.org/msgstore/berkeleystore;1",
        "mail.server.server2.type": "none",
        "mail.server.server2.hostname": "Local Folders",
        "mail.server.server2.userName": "nobody",
        "mail.server.server2.name": "Local Folders",
        "mail.server.server2.directory-rel": "[ProfD]Mail/Local Folders",
        "mail.identity.id1.fullName": o.name || "Test User",
        "mail.identity.id1.useremail": o.email,
        "mail.identity.id1.valid": true,
        "mail.identity.id1.smtpServer": "smtp1",
        "mail.identity.id1.compose_html": o.html === true,
        "mail.identity.id1.reply_on_top": 1,
        "mail.smtpservers": "smtp1",
        "mail.smtp.defaultserver": "smtp1",
        "mail.smtpserver.smtp1.type": "smtp",
        "mail.smtpserver.smtp1.hostname": o.smtpHost || o.host,
        "mail.smtpserver.smtp1.port": o.smtpPort,
        "mail.smtpserver.smtp1.username": o.smtpUser || o.user,
        "mail.smtpserver.smtp1.authMethod": 3,
        "mail.smtpserver.smtp1.try_ssl": ssock,
        "mail.smtpserver.smtp1.description": "local gateway",
      };
  const prefs = { ...quietPrefs, "marionette.port": o.marionettePort, ...account, ...(o.prefs || {}) };
  fs.writeFileSync(
    path.join(o.dir, "user.js"),
    `${Object.entries(prefs)
      .map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});`)
      .join("\n")}\n`,
  );
  if (o.cert)
    fs.writeFileSync(
      path.join(o.dir, "cert_override.txt"),
      certOverride(o.cert, [o.imapPort, o.smtpPort], [o.host]),
    );
}

/** cert_override.txt lines: host:port:originAttributes <TAB> OID of SHA-256 <TAB> fingerprint <TAB> (flags) <TAB> dbKey */
function certOverride(pemFile, ports, hosts) {
  const c = new X509Certificate(fs.readFileSync(pemFile));
  const lines = ["# PSM Certificate Override Settings file", "# This is a generated file!  Do not edit."];
  for (const h of hosts)
    for (const p of ports)
      lines.push([`${h}:${p}:`, "OID.2.16.840.1.101.3.4.2.1", c.fingerprint256, ""].join("\t"));
  return `${lines.join("\n")}\n`;
}
