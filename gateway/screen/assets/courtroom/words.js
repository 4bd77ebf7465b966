// Every word on the courtroom's display, in Chinese first.
"use strict";

const WORDS = {
  zh: {
    title: "法庭录音",
    switch: "English",
    state: {
      away: "没有消息", idle: "没有在录音", armed: "等待开庭", recording: "正在录音", paused: "录音已暂停",
      closed: "已闭庭", broken: "没有录到声音",
    },
    away_do: "录音设备正在启动或没有应答，录没录音在这里看不到。一分钟后仍是这样，请联系技术人员。",
    hearing: (ref) => `庭审 ${ref}`,
    not_public: "不公开审理",
    since: (at) => `${at} 开庭`,
    opens: (at) => `${at} 开庭`,
    reason: {
      adjournment: "休庭", closed_evidence: "公开庭审中的不公开举证、质证活动", mediation: "不宜录制的调解活动",
    },
    sounds: {
      speaks: "正在说话", heard: "听得到", silence: "几分钟没有人说话", too_loud: "声音过大",
      no_signal: "✕ 没有信号", device_gone: "✕ 话筒不通",
    },
    role: {
      presiding_judge: "审判长", judge: "审判员", assessor: "人民陪审员", clerk: "书记员", prosecutor: "公诉人",
      plaintiff: "原告", defendant: "被告", accused: "被告人", third_party: "第三人", agent: "诉讼代理人",
      defender: "辩护人", witness: "证人", expert: "鉴定人", interpreter: "翻译人员", other: "其他",
    },
    and: "、",
    model: { yes: "文字识别：有模型", no: "⚠ 文字识别：没有模型", none: "文字识别：本庭不用" },
    disk: (hours) => `磁盘：还能录 ${hours} 小时`,
    clock: { yes: "时钟：已校准", no: "⚠ 时钟：未校准" },
    task: {
      disk_full: () => "磁盘满了，声音正在丢失。请立即请法官休庭，并联系技术人员。",
      no_sound: (view) => view.state === "broken"
        ? "一支话筒也没有声音，现在说的话没有录上。请检查话筒总线和电源；不能马上恢复的，请法官休庭，并联系技术人员。"
        : "一支话筒也没有声音。开庭前请检查话筒总线和电源，或联系技术人员。",
      seats_dead: (view, seats) => `${seats}的话筒没有声音。请换一支话筒，或请其到别的席位发言；其他席位照常。`,
      clock_unset: () => "时钟没有校准，到时间不会自动开庭。请联系技术人员；开庭时请书记员在页面上宣布开庭。",
      too_loud: (view, seats) => `${seats}的声音过大，请离话筒远一点。`,
      tickets: () => "录音设备有严重故障单未了，自检没有通过；到时间仍会录音。请联系技术人员。",
      disk_short: () => "磁盘空间不够两倍的庭审时间。请在开庭前联系技术人员。",
      long_silence: () => "几分钟没有人说话。正在说话的，请检查话筒是不是静音了。",
      no_model: () => "没有语音识别模型：照常录音，文字以后再补。",
      idle: () => "今天没有排定的庭审，不需要做什么。",
      armed: (view) => view.buttons ? "到时间自动开庭录音，不需要做什么；要提前，请按开庭按钮。"
        : "到时间自动开庭录音，不需要做什么；要提前，请书记员在页面上宣布开庭。",
      recording: () => "录音正常，不需要做什么。",
      paused: (view) => view.buttons ? "现在说的话不录。继续庭审前请按开庭按钮。"
        : "现在说的话不录。继续庭审前请书记员在页面上点“继续录音”。",
      closed: () => "录音已停止，正在封存，请不要断电。",
    },
  },
  en: {
    title: "Courtroom recording",
    switch: "中文",
    state: {
      away: "No word", idle: "Not recording", armed: "Waiting to open", recording: "Recording",
      paused: "Recording paused", closed: "Hearing closed", broken: "No sound is recorded",
    },
    away_do: "The recorder is starting or does not answer: whether it records cannot be seen here. If this stays for a minute, call the IT desk.",
    hearing: (ref) => `Hearing ${ref}`,
    not_public: "not public",
    since: (at) => `opened ${at}`,
    opens: (at) => `opens ${at}`,
    reason: {
      adjournment: "adjournment", closed_evidence: "evidence in camera", mediation: "mediation not to be recorded",
    },
    sounds: {
      speaks: "speaking", heard: "heard", silence: "nobody spoke for minutes", too_loud: "too loud",
      no_signal: "✕ no signal", device_gone: "✕ microphone gone",
    },
    role: {
      presiding_judge: "Presiding judge", judge: "Judge", assessor: "People's assessor", clerk: "Clerk",
      prosecutor: "Prosecutor", plaintiff: "Plaintiff", defendant: "Defendant", accused: "Accused",
      third_party: "Third party", agent: "Agent", defender: "Defence counsel", witness: "Witness", expert: "Expert",
      interpreter: "Interpreter", other: "Other",
    },
    and: ", ",
    model: { yes: "Words: model there", no: "⚠ Words: no model", none: "Words: not used here" },
    disk: (hours) => `Disk: room for ${hours} h`,
    clock: { yes: "Clock: set", no: "⚠ Clock: not set" },
    task: {
      disk_full: () => "The disk is full and sound is being lost. Ask the judge to adjourn now, and call the IT desk.",
      no_sound: (view) => view.state === "broken"
        ? "No microphone gives sound: what is said now is not recorded. Check cable and power of the microphones; if it does not come back at once, ask the judge to adjourn and call the IT desk."
        : "No microphone gives sound. Check cable and power of the microphones before the hearing, or call the IT desk.",
      seats_dead: (view, seats) => `No sound from: ${seats}. Change the microphone, or let them speak from another seat; the others go on.`,
      clock_unset: () => "The clock is not set: the hearing will not open by itself. Call the IT desk; let the clerk open it from their page.",
      too_loud: (view, seats) => `Too loud: ${seats}. Keep further from the microphone.`,
      tickets: () => "A severe ticket is open against the recorder and the self-test did not pass; it will record all the same. Call the IT desk.",
      disk_short: () => "The disk has no room for twice the planned time. Call the IT desk before the hearing.",
      long_silence: () => "Nobody spoke for minutes. If somebody is speaking, see whether the microphone is muted.",
      no_model: () => "There is no speech model: sound is recorded, words will follow.",
      idle: () => "No hearing is planned today. Nothing to do.",
      armed: (view) => view.buttons ? "It opens and records by itself. Nothing to do; to open early, press the start button."
        : "It opens and records by itself. Nothing to do; to open early, the clerk opens it from their page.",
      recording: () => "All is recorded. Nothing to do.",
      paused: (view) => view.buttons ? "What is said now is not recorded. Press the start button before going on."
        : "What is said now is not recorded. The clerk presses “Resume recording” on their page before going on.",
      closed: () => "Recording has stopped and is being sealed. Do not cut the power.",
    },
  },
};
