// SPDX-License-Identifier: Apache-2.0
#include "journal/crash_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace weir::journal {
namespace {

constexpr uint64_t kMagic = 0x3168736172637277;  // "wrcrash1"
constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<CrashPage*> installed{nullptr};
std::array<struct sigaction, kSignals.size()> before;

void on_signal(int number, siginfo_t*, void*) {
  if (CrashPage* page = installed.load()) page->note(current_record);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == number) sigaction(number, &before[i], nullptr);
  }
  raise(number);  // delivered as soon as this handler returns
}

}  // namespace

struct CrashPage::Page {
  struct Slot {
    uint64_t record;
    uint64_t count;
  };
  static constexpr size_t kSlots = 255;
  uint64_t magic;
  uint64_t reserved;
  std::array<Slot, kSlots> slots;
};

CrashPage::~CrashPage() {
  if (page_ == nullptr) return;
  if (installed.load() == this) {
    for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
    installed = nullptr;
  }
  munmap(page_, sizeof(Page));
}

std::string CrashPage::open(const std::string& path) {
  static_assert(sizeof(Page) == 4096);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return path + ": " + std::generic_category().message(errno);
  void* memory = MAP_FAILED;
  if (ftruncate(file, sizeof(Page)) == 0) {
    memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  const int error = errno;
  close(file);
  if (memory == MAP_FAILED) return path + ": " + std::generic_category().message(error);
  page_ = static_cast<Page*>(memory);
  if (page_->magic != kMagic) *page_ = Page{kMagic, 0, {}};
  return {};
}

std::map<uint64_t, int> CrashPage::counts() const {
  std::map<uint64_t, int> counts;
  if (page_ == nullptr) return counts;
  for (const Page::Slot& slot : page_->slots) {
    if (slot.record != 0) counts[slot.record] += static_cast<int>(slot.count);
  }
  return counts;
}

void CrashPage::install() {
  installed = this;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before[i]);
}

// The oldest record makes room: it is the likeliest to be done.
void CrashPage::note(uint64_t record) {
  if (record == 0 || page_ == nullptr) return;
  Page::Slot* oldest = &page_->slots[0];
  for (Page::Slot& slot : page_->slots) {
    if (slot.record == record) {
      ++slot.count;
      return;
    }
    if (slot.record < oldest->record) oldest = &slot;
  }
  *oldest = {record, 1};
}

}  // namespace weir::journal
