/** The web page: login, pages, forms. Every change is a form of our own, sent by POST; the answer leads to a page. */
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../../http/message.js";
import { requestOrigin } from "../../../mail/carddav/basic-login.js";
import {
  type AuthenticatedUser,
  type Authenticator,
  type LoginOrigin,
  LoginRefused,
} from "../../../mail/sasl.js";
import { CommandError, type ControlMethods, callMethod } from "../../control/messages.js";
import type { ShownSettings } from "../shown-settings.js";
import { ACTIONS, parametersOf } from "./actions.js";
import { findAsset } from "./assets.js";
import { cookie, LANGUAGE_COOKIE, readCookie, SESSION_COOKIE } from "./cookies.js";
import { layout } from "./layout.js";
import { findPage } from "./routes.js";
import { isSame, type Session, type Sessions } from "./sessions.js";
import { chooseLanguage, createTranslator, LANGUAGES, type Translator } from "./translator.js";
import type { OwnerView, Page, View } from "./view.js";
import { loginPage } from "./views/login.js";
import { settingsPath } from "./views/settings.js";
import { setupFile } from "./views/setup.js";

export interface PageOptions {
  readonly methods: ControlMethods;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly sessions: Sessions;
  /** Who of this machine's users asks; null where that is not known. */
  readonly localUserOf: (origin: LoginOrigin) => Promise<number | null>;
  /** What views are made from, apart from who asks. */
  readonly surroundings: () => Pick<View, "domain" | "samples" | "now">;
  readonly owner: OwnerView & Pick<ShownSettings, "change">;
  /** Whether that user may see what concerns all: whoever set the bridge up. */
  readonly isOwner: (user: string) => boolean;
}

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const MAX_FORM = 64 * 1024;

export function createPageHandler(options: PageOptions): HttpHandler {
  return async (request) =>
    new Answer(options, request, await options.localUserOf(requestOrigin(request, "web"))).make();
}

/** The answer to one request. */
class Answer {
  readonly #words: Translator;
  readonly #cookieId: string | null;
  readonly #purpose: View["purpose"];
  readonly #asker: "person" | "script";
  readonly #session: Session | null;

  constructor(
    private readonly options: PageOptions,
    private readonly request: HttpRequest,
    private readonly localUser: number | null,
  ) {
    const chosen = readCookie(request, LANGUAGE_COOKIE);
    this.#words = createTranslator(chooseLanguage(chosen, request.header("accept-language")));
    this.#cookieId = readCookie(request, SESSION_COOKIE);
    const refresh = request.header("x-refresh");
    this.#purpose = refresh === "quick" ? "refresh" : "show";
    this.#asker = refresh === null ? "person" : "script";
    this.#session = options.sessions.find(this.#cookieId, { asker: this.#asker, localUser });
  }

  async make(): Promise<HttpResponse> {
    const { method, path } = this.request;
    try {
      if (method === "GET" || method === "HEAD") return await this.#show(path);
      if (method === "POST") return await this.#take(path);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return this.#problem(error);
    }
    throw new HttpError(405, "This method is not served here.", { Allow: "GET, HEAD, POST" });
  }

  async #show(path: string): Promise<HttpResponse> {
    const asset = findAsset(path);
    if (asset !== null) return asset;
    if (path === "/language") return this.#chooseLanguage();
    if (path === "/login") return this.#session === null ? this.#loginForm(200, "", null) : redirect("/");
    const page = findPage(path);
    const file = /^\/setup\/([a-z0-9]+)$/.exec(path)?.[1];
    if (file !== undefined && this.#session !== null) return setupFile(this.#view(this.#session), file);
    if (this.#session === null) return page === null ? this.#notFound() : redirect("/login");
    if (page === null) return this.#notFound();
    const notice = this.#asker === "person" ? this.#takeNotice(this.#session) : null;
    return this.#page(200, await page(this.#view(this.#session)), notice);
  }

  /** Told once. */
  #takeNotice(session: Session): Session["notice"] {
    const { notice } = session;
    session.notice = null;
    return notice;
  }

  async #take(path: string): Promise<HttpResponse> {
    const form = await this.#readForm();
    if (path === "/login") return this.#login(form);
    if (this.#session === null) return redirect("/login");
    if (!isSame(form.get("token") ?? "", this.#session.formToken))
      throw new HttpError(403, this.#words.text("problem.form"));
    if (path === "/logout") return this.#logout();
    if (path === "/password") return this.#changePassword(this.#session, form);
    if (path === "/setup/app-passwords/add") return this.#addAppPassword(this.#session, form);
    if (path === "/settings/change") return this.#changeSetting(this.#session, form);
    const action = ACTIONS.get(path);
    if (action === undefined) return this.#notFound();
    const done = this.#words.text(action.done);
    return this.#do(this.#session, action.back, done, (view) =>
      view.call(action.method, parametersOf(action, form)),
    );
  }

  /** Does something and leads to a page that tells how it went. */
  async #do(
    session: Session,
    back: string,
    done: string,
    work: (view: View) => Promise<unknown>,
  ): Promise<HttpResponse> {
    try {
      await work(this.#view(session));
      session.notice = { kind: "done", text: done };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      session.notice = { kind: "failed", text: error.message };
    }
    return redirect(back);
  }

  async #login(form: URLSearchParams): Promise<HttpResponse> {
    const { sessions } = this.options;
    const username = form.get("user")?.trim() ?? "";
    if (!sessions.isLoginToken(form.get("token") ?? ""))
      return this.#loginForm(403, username, this.#words.text("problem.form"));
    const user = await this.#authenticate(username, form.get("password") ?? "");
    if (user === null) return this.#loginForm(403, username, this.#words.text("login.wrong"));
    if (user === "refused") return this.#loginForm(429, username, this.#words.text("login.refused"));
    sessions.end(this.#cookieId);
    const id = sessions.begin(user, this.localUser);
    return redirect("/", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, id) });
  }

  async #authenticate(username: string, password: string): Promise<AuthenticatedUser | null | "refused"> {
    const origin = requestOrigin(this.request, "web");
    try {
      return await this.options.authenticator.authenticate({ username, password, ...origin });
    } catch (error) {
      if (error instanceof LoginRefused) return "refused";
      throw error;
    }
  }

  #logout(): HttpResponse {
    this.options.sessions.end(this.#cookieId);
    return redirect("/login", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, "", 0) });
  }

  /** Whoever sits at an open page does not know the password yet; other sessions end with the old one. */
  async #changePassword(session: Session, form: URLSearchParams): Promise<HttpResponse> {
    const { sessions } = this.options;
    const { user } = session;
    if (!(await this.#hasPassword(session, form))) return redirect("/setup");
    const wanted = { name: user, password: form.get("password") ?? "" };
    const done = this.#words.text("done.password");
    await this.#do(session, "/setup", done, () =>
      callMethod(this.options.methods, { id: 0, method: "user.passwd", params: wanted }),
    );
    if (session.notice?.kind !== "done") return redirect("/setup");
    const { localUser } = this;
    const id = sessions.begin({ name: user }, localUser);
    const next = sessions.find(id, { localUser });
    if (next !== null) next.notice = session.notice;
    return redirect("/setup", { "Set-Cookie": cookie(this.request, SESSION_COOKIE, id) });
  }

  /** Shown once, and never told again. */
  async #addAppPassword(session: Session, form: URLSearchParams): Promise<HttpResponse> {
    const back = "/setup/app-passwords";
    if (!(await this.#hasPassword(session, form))) return redirect(back);
    let made = { label: "", password: "" };
    const response = await this.#do(session, back, "", async (view) => {
      made = (await view.call("app-password.add", { label: form.get("label") ?? "" })) as typeof made;
    });
    if (session.notice?.kind === "done")
      session.notice = { kind: "done", text: this.#words.text("app-passwords.made", made) };
    return response;
  }

  /** Whether the form brings the login's own password; if not, the session tells. An app password is no right to make others. */
  async #hasPassword(session: Session, form: URLSearchParams): Promise<boolean> {
    const known = await this.#authenticate(session.user, form.get("current") ?? "");
    if (known !== null && known !== "refused" && known.appPassword === undefined) return true;
    const reason = known === "refused" ? "login.refused" : "login.wrong";
    session.notice = { kind: "failed", text: this.#words.text(reason) };
    return false;
  }

  async #changeSetting(session: Session, form: URLSearchParams): Promise<HttpResponse> {
    if (!this.#isOwner(session)) return this.#notFound();
    const name = form.get("name") ?? "";
    const text = form.get("default") === null ? (form.get("value") ?? "").trim() : null;
    let holds = "restart";
    const response = await this.#do(session, settingsPath(form.get("show")), "", async () => {
      holds = this.options.owner.change(name, text);
    });
    if (session.notice?.kind === "done")
      session.notice = { kind: "done", text: this.#words.text(`done.setting-${holds}`, { name }) };
    return response;
  }

  #chooseLanguage(): HttpResponse {
    const wanted = this.request.query.get("to") ?? "";
    const back = this.request.query.get("back") ?? "/";
    const isKnown = (LANGUAGES as readonly string[]).includes(wanted);
    const target = back === "/login" || findPage(back) !== null ? back : "/";
    if (!isKnown) return redirect(target);
    return redirect(target, { "Set-Cookie": cookie(this.request, LANGUAGE_COOKIE, wanted, 365 * 86_400) });
  }

  #loginForm(status: number, user: string, problem: string | null): HttpResponse {
    const page = loginPage(this.#words, this.options.sessions.loginToken(), user);
    return this.#page(status, page, problem === null ? null : { kind: "failed", text: problem });
  }

  #notFound(): HttpResponse {
    return this.#problem(new HttpError(404, this.#words.text("not-found")));
  }

  #problem(error: HttpError): HttpResponse {
    const page = { title: this.#words.text("problem.title"), content: null };
    return this.#page(error.status, page, { kind: "failed", text: error.message });
  }

  #page(status: number, { title, content }: Page, notice: Session["notice"]): HttpResponse {
    const user = this.#session?.user ?? null;
    const body = layout({
      words: this.#words,
      user,
      formToken: this.#session?.formToken ?? "",
      title,
      path: this.request.path,
      notice,
      content,
      isOwner: this.#isOwner(this.#session),
    });
    const headers = {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Content-Language": this.#words.language,
    };
    return { status, headers, body };
  }

  /** An app password is one program's, and does not stand for whoever set the bridge up. */
  #isOwner(session: Session | null): boolean {
    return session !== null && session.access === "password" && this.options.isOwner(session.user);
  }

  #view(session: Session): View {
    const { surroundings, methods, owner } = this.options;
    const { user, formToken } = session;
    return {
      ...surroundings(),
      user,
      formToken,
      words: this.#words,
      query: this.request.query,
      purpose: this.#purpose,
      owner: this.#isOwner(session) ? owner : null,
      // Whatever a form says: only what is the user's own.
      call: (method, parameters = {}) =>
        callMethod(methods, { id: 0, method, params: { ...parameters, user } }),
    };
  }

  async #readForm(): Promise<URLSearchParams> {
    const type = (this.request.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/x-www-form-urlencoded")
      throw new HttpError(415, this.#words.text("problem.form"));
    return new URLSearchParams(Buffer.from(await this.request.body(MAX_FORM)).toString("utf8"));
  }
}

/** See other: what is shown next is asked for by GET. */
function redirect(location: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status: 303, headers: { Location: location, ...headers } };
}
