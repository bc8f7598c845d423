import type { Texts } from "./texts.ts";

export const german: Texts = {
  language: "de",
  titles: {
    invalid_request: "Die Anfrage ist ungültig",
    invalid_return_url: "Die Rücksprungadresse ist keine Seite dieser App",
    signin_unknown: "Diese Anmeldung ist abgelaufen oder wurde bereits verwendet",
    signin_cancelled: "Die Anmeldung wurde abgebrochen",
    signin_refused: "Der Identitätsanbieter hat die Anmeldung abgelehnt",
    signin_invalid: "Die Anmeldung konnte nicht überprüft werden",
    admin_consent_required: "Diese App muss zuerst von der Administration genehmigt werden",
    account_not_assigned: "Ihr Konto ist dieser App nicht zugewiesen",
    cookies_blocked: "Ihr Browser speichert die Cookies dieser App nicht",
    clock_skew: "Die Uhren dieser App und des Identitätsanbieters gehen verschieden",
    signin_signed_out: "Sie wurden abgemeldet, bevor diese Anmeldung abgeschlossen war",
    tenant_not_allowed: "Ihre Organisation hat keinen Zugang zu dieser App",
    signin_required: "Melden Sie sich erneut an",
    navigation_required: "Diese Adresse funktioniert nur in einem eigenen Tab",
    destination_not_allowed: "Die Antwort einer API kann nicht Teil einer Seite sein",
    role_required: "Dazu sind Sie nicht berechtigt",
    cross_site_request: "Die Anfrage kam von einer anderen Website",
    not_found: "Hier gibt es nichts",
    issuer_unknown: "Die Abmeldung kam von einem unbekannten Aussteller",
    api_unknown: "Diese API gibt es nicht",
    api_path_not_allowed: "Dieser Teil der API ist nicht freigegeben",
    api_path_invalid: "Der Pfad ist für diese API ungültig",
    method_not_allowed: "Die API kann mit dieser Methode nicht aufgerufen werden",
    length_required: "Die Anfrage muss die Länge ihres Inhalts angeben",
    expectation_failed: "Die Anfrage wartet auf eine Antwort, bevor sie ihren Inhalt sendet",
    framing_unsupported: "Die Anfrage verlangt etwas, das diese App nicht unterstützt",
    body_too_large: "Der Inhalt der Anfrage ist zu groß",
    api_unavailable: "Die API war nicht zu erreichen",
    api_down: "Die API antwortet zurzeit nicht",
    answer_too_large: "Die Antwort der API ist zu groß",
    streaming_off: "Streaming ist in dieser App ausgeschaltet",
    send_again: "Die Anfrage muss erneut gesendet werden",
    client_gone: "Niemand wartet mehr auf die Antwort",
    api_timeout: "Die API hat nicht rechtzeitig geantwortet",
    api_signin_required: "Für diese API fehlt noch ein Schritt von Ihnen",
    api_not_permitted: "Sie haben keinen Zugang zu dieser API",
    api_refused_token: "Die API hat das Zugriffstoken der App nicht angenommen",
    app_refused: "Der Identitätsanbieter hat diese App nicht akzeptiert",
    identity_provider_unavailable: "Der Identitätsanbieter war nicht zu erreichen",
    store_unavailable: "Der Kontospeicher war nicht zu erreichen",
    signout_deferred: "Sie werden abgemeldet",
    signout_failed: "Sie konnten nicht abgemeldet werden",
    token_invalid: "Das Zugriffstoken ist ungültig",
    too_many_requests: "Zu viele Anfragen",
    session_unknown: "Diese Sitzung gibt es nicht",
    logout_token_invalid: "Das Abmeldetoken ist ungültig",
    session_too_large: "Ihre Sitzung ist zu groß, um gespeichert zu werden",
    store_contention: "Zu viele Anfragen ändern das Konto gleichzeitig",
    configuration_invalid: "Die App ist nicht eingerichtet",
    app_incomplete: "Ein Teil der App konnte nicht geladen werden",
    internal_error: "Etwas ist schiefgegangen",
  },
  advice: {
    signin_cancelled:
      "Niemand wurde angemeldet, und nichts wurde gespeichert. Sie können sich jederzeit wieder anmelden.",
    signin_unknown:
      "Eine Anmeldung gilt nur einmal, 15 Minuten lang und in dem Browser, in dem sie begonnen hat. Wenn Sie mit der Zurück-Taste, einem Lesezeichen oder einem Link hierher gekommen sind, gehen Sie stattdessen zur App.",
    cookies_blocked:
      "Für die Anmeldung ist ein Cookie nötig, und Ihr Browser hat das Cookie dieser Seite nicht behalten. Erlauben Sie in den Einstellungen des Browsers Cookies für diese Website, und melden Sie sich dann erneut an.",
    signin_refused:
      "Ihr Konto wurde nicht angemeldet. Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie Ihrem Support die Uhrzeit und die Referenz unten.",
    signin_invalid:
      "Die Antwort auf Ihre Anmeldung konnte nicht überprüft werden, deshalb wurde niemand angemeldet. Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie Ihrem Support die Referenz unten.",
    signin_signed_out:
      "Während Sie sich anmeldeten, wurde Ihr Konto an anderer Stelle abgemeldet. Melden Sie sich erneut an, wenn Sie fortfahren möchten.",
    admin_consent_required:
      "Die App bittet um Berechtigungen, die nur die Administration Ihrer Organisation erteilen kann. Bitten Sie sie, die App zu genehmigen, und melden Sie sich dann erneut an.",
    account_not_assigned:
      "In Ihrer Organisation dürfen nur bestimmte Personen diese App verwenden. Bitten Sie Ihre Administration, Ihr Konto der App zuzuweisen, oder verwenden Sie ein anderes Konto.",
    role_required:
      "Ihr Konto hat keine Rolle, die dies erlaubt. Wenn Sie gerade eine erhalten haben, melden Sie sich erneut an; fragen Sie sonst Ihre Administration.",
    tenant_not_allowed:
      "Nur bestimmte Organisationen dürfen diese App verwenden, und Ihr Konto gehört zu keiner von ihnen. Verwenden Sie ein Konto einer solchen Organisation, oder fragen Sie die Person, von der Sie den Link haben.",
    clock_skew:
      "Ihre Anmeldung wurde abgelehnt, weil die Uhr des Servers dieser App oder die des Identitätsanbieters anscheinend falsch geht. Sie selbst können das nicht beheben: Bitte wenden Sie sich mit der Referenz unten an Ihren Support.",
    signin_required:
      "Dieser Browser hat keine Sitzung, oder seine Sitzung ist beendet: Sie haben sich hier oder an anderer Stelle abgemeldet oder die App eine Weile nicht verwendet.",
    app_refused:
      "Der Identitätsanbieter akzeptiert diese App zurzeit nicht. Sie selbst können das nicht beheben: Bitte wenden Sie sich mit der Referenz unten an Ihren Support.",
    identity_provider_unavailable:
      "Der Dienst, der Sie anmeldet, antwortet nicht oder nicht rechtzeitig. Warten Sie eine Minute, und versuchen Sie es erneut. Wer angemeldet ist, bleibt angemeldet.",
    store_unavailable:
      "Die App erreicht den Ort nicht, an dem sie Sitzungen aufbewahrt. Nichts ist verloren. Warten Sie eine Minute, und versuchen Sie es erneut.",
    session_too_large:
      "Die Anmeldedaten Ihres Kontos, zum Beispiel seine Gruppen, sind zu umfangreich für diese App. Ein neuer Versuch hilft nicht: Bitte wenden Sie sich mit der Referenz unten an Ihren Support.",
    store_contention:
      "Ihr Konto wird an zu vielen Stellen gleichzeitig verwendet. Nichts ist verloren. Warten Sie einen Moment, und versuchen Sie es erneut.",
    signout_failed:
      "Die App konnte weder den Ort erreichen, an dem sie Sitzungen aufbewahrt, noch die Warteschlange für Abmeldungen. Vielleicht sind Sie noch angemeldet. Warten Sie eine Minute, und melden Sie sich dann erneut ab.",
    not_found:
      "Unter dieser Adresse gibt es keine Seite. Vielleicht wurde sie verschoben, oder der Link ist unvollständig.",
    navigation_required:
      "Mit dieser Adresse beginnt eine Anmeldung oder Abmeldung. Sie funktioniert nur, wenn Sie sie in einem Tab öffnen.",
    configuration_invalid:
      "Die App ist nicht vollständig eingerichtet, deshalb kann sich niemand anmelden. Sie selbst können das nicht beheben: Bitte wenden Sie sich mit der Referenz unten an die Betreiber der App. Was fehlt, steht unter /readyz.",
    cross_site_request:
      "Zum Schutz Ihres Kontos geht das nur von den Seiten der App selbst aus. Gehen Sie zur App, und tun Sie es dort.",
    api_signin_required:
      "Diese Seite braucht einen Dienst, dem Sie zuerst zustimmen müssen oder der Sie bittet, Ihre Identität zu bestätigen.",
    api_not_permitted:
      "Sie sind angemeldet, aber der Identitätsanbieter lässt Sie den Dienst hinter dieser Seite nicht verwenden. Bitten Sie Ihre Administration um Zugang, und nennen Sie ihr die Referenz unten.",
    internal_error:
      "Es lag nicht an Ihnen. Warten Sie einen Moment, und versuchen Sie es erneut. Wenn es wieder geschieht, nennen Sie Ihrem Support die Referenz unten.",
    signout_deferred:
      "Der Ort, an dem die App Sitzungen aufbewahrt, war nicht zu erreichen. Ihre Abmeldung wird so bald wie möglich abgeschlossen, ohne dass Sie etwas tun müssen.",
    app_incomplete:
      "Die App wurde nicht vollständig veröffentlicht. Sie selbst können das nicht beheben: Bitte wenden Sie sich mit der Referenz unten an die Betreiber der App.",
    api_unavailable:
      "Ein Dienst hinter dieser Seite war nicht zu erreichen. Warten Sie einen Moment, und versuchen Sie es erneut.",
    api_timeout:
      "Ein Dienst hinter dieser Seite braucht zu lange für seine Antwort. Warten Sie einen Moment, und versuchen Sie es erneut.",
    api_down:
      "Ein Dienst hinter dieser Seite antwortet seit einer Weile nicht. Warten Sie eine Minute, und versuchen Sie es erneut.",
  },
  links: {
    home: "Zurück zur App",
    tryAgain: "Erneut versuchen",
    signIn: "Anmelden",
    signInAgain: "Erneut anmelden",
    signOutAgain: "Erneut abmelden",
    otherAccount: "Anderes Konto verwenden",
    goOn: "Weiter",
  },
  reference: "Referenz für den Support:",
  signOutQuestion: {
    title: "Abmelden?",
    text: "Sie werden von dieser App abgemeldet, und sie löscht die Token, die sie für Sie aufbewahrt.",
    signOut: "Abmelden",
    stay: "Angemeldet bleiben",
  },
  signingIn: {
    title: "Anmeldung",
    text: "Diese Seite ist für angemeldete Personen. Sie werden jetzt zur Anmeldung weitergeleitet.",
  },
  signingOut: {
    title: "Sie werden abgemeldet",
    text: "Von dieser App sind Sie abgemeldet. Jetzt werden Sie beim Identitätsanbieter abgemeldet.",
  },
  signedOut: {
    title: "Sie sind abgemeldet",
    text: "Dieser Browser hat keine Sitzung bei dieser App, und die App bewahrt keine Token für ihn auf.",
    incomplete: "Der Identitätsanbieter war nicht zu erreichen: Dort sind Sie vielleicht noch angemeldet.",
  },
  signedOutElsewhere: { title: "Abgemeldet", text: "Sie sind von dieser App abgemeldet." },
};
