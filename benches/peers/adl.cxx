// The ADL benchmark's queries (examples/adl.yaml) with compiled RDataFrame: every
// column has its C++ type, nothing is jitted. What gpuana is timed against.
//
//   adl FILE THREADS QUERY...      QUERY: Q1 to Q8; all go through one event loop
//
// Prints a line a histogram: its name, then its cells from the underflow on.

#include <ROOT/RDataFrame.hxx>
#include <ROOT/RVec.hxx>
#include <TROOT.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using Reals = ROOT::RVec<float>;
using Charges = ROOT::RVec<int>;
using Hist = ROOT::RDF::RResultPtr<TH1D>;
using Columns = std::vector<std::string>;

// A four-momentum in Cartesian components, in double precision.
struct Vec4 {
   double x = 0, y = 0, z = 0, t = 0;

   Vec4() = default;
   Vec4(double pt, double eta, double phi, double m)
      : x(pt * std::cos(phi)), y(pt * std::sin(phi)), z(pt * std::sinh(eta)), t(std::sqrt(pt * pt + z * z + m * m))
   {
   }
   Vec4 &operator+=(const Vec4 &o)
   {
      x += o.x, y += o.y, z += o.z, t += o.t;
      return *this;
   }
   friend Vec4 operator+(Vec4 a, const Vec4 &b) { return a += b; }
   double Mass() const { return std::sqrt(std::fmax(0, t * t - (x * x + y * y + z * z))); }
   double Pt() const { return std::hypot(x, y); }
};

double AngleBetween(double phi, double psi)
{
   const double d = std::fabs(phi - psi);
   return d <= M_PI ? d : 2 * M_PI - d;
}

std::vector<Vec4> Momenta(const Reals &pt, const Reals &eta, const Reals &phi, const Reals &m)
{
   std::vector<Vec4> all;
   all.reserve(pt.size());
   for (std::size_t i = 0; i < pt.size(); ++i)
      all.emplace_back(pt[i], eta[i], phi[i], m[i]);
   return all;
}

// Q5.
bool NearZ(const Reals &pt, const Reals &eta, const Reals &phi, const Reals &m, const Charges &q)
{
   const auto mu = Momenta(pt, eta, phi, m);
   for (std::size_t j = 1; j < mu.size(); ++j)
      for (std::size_t i = 0; i < j; ++i)
         if (q[i] + q[j] == 0) {
            const double mass = (mu[i] + mu[j]).Mass();
            if (60 < mass && mass < 120)
               return true;
         }
   return false;
}

// Q6: pt and largest b-tag of the three jets whose mass is closest to 172.5.
std::array<double, 2> Top(const Reals &pt, const Reals &eta, const Reals &phi, const Reals &m, const Reals &btag)
{
   const auto jet = Momenta(pt, eta, phi, m);
   const std::size_t n = jet.size();
   double best = INFINITY;
   std::array<std::size_t, 3> at{0, 1, 2};
   for (std::size_t i = 0; i + 2 < n; ++i)
      for (std::size_t j = i + 1; j + 1 < n; ++j) {
         const Vec4 two = jet[i] + jet[j];
         for (std::size_t k = j + 1; k < n; ++k) {
            const double off = std::fabs((two + jet[k]).Mass() - 172.5);
            if (off < best)
               best = off, at = {i, j, k};
         }
      }
   const Vec4 sum = jet[at[0]] + jet[at[1]] + jet[at[2]];
   return {sum.Pt(), std::fmax(btag[at[0]], std::fmax(btag[at[1]], btag[at[2]]))};
}

// Q7.
double CleanSum(const Reals &jpt, const Reals &jeta, const Reals &jphi, const Reals &mpt, const Reals &meta,
                const Reals &mphi, const Reals &ept, const Reals &eeta, const Reals &ephi)
{
   double sum = 0;
   for (std::size_t j = 0; j < jpt.size(); ++j) {
      if (!(jpt[j] > 30))
         continue;
      auto overlaps = [&](const Reals &pt, const Reals &eta, const Reals &phi) {
         for (std::size_t l = 0; l < pt.size(); ++l)
            if (pt[l] > 10 && std::hypot(double(jeta[j]) - eta[l], AngleBetween(jphi[j], phi[l])) < 0.4)
               return true;
         return false;
      };
      if (!overlaps(mpt, meta, mphi) && !overlaps(ept, eeta, ephi))
         sum += jpt[j];
   }
   return sum;
}

// Q8: the transverse mass, negative without a Z candidate.
double ThirdLepton(const Reals &mpt, const Reals &meta, const Reals &mphi, const Reals &mm, const Charges &mq,
                   const Reals &ept, const Reals &eeta, const Reals &ephi, const Reals &em, const Charges &eq,
                   float met, float metPhi)
{
   auto lep = Momenta(mpt, meta, mphi, mm);
   const std::size_t muons = lep.size();
   for (const Vec4 &e : Momenta(ept, eeta, ephi, em))
      lep.push_back(e);
   auto of = [muons](std::size_t i, const auto &mu, const auto &e) { return i < muons ? mu[i] : e[i - muons]; };

   double best = INFINITY;
   std::size_t a = lep.size(), b = a;
   for (std::size_t i = 0; i < lep.size(); ++i)
      for (std::size_t j = i + 1; j < lep.size(); ++j)
         if ((i < muons) == (j < muons) && of(i, mq, eq) != of(j, mq, eq)) {
            const double off = std::fabs((lep[i] + lep[j]).Mass() - 91.2);
            if (off < best)
               best = off, a = i, b = j;
         }
   if (a == b)
      return -1;
   double pt = -1, phi = 0;
   for (std::size_t i = 0; i < lep.size(); ++i)
      if (i != a && i != b && of(i, mpt, ept) > pt)
         pt = of(i, mpt, ept), phi = of(i, mphi, ephi);
   return std::sqrt(2 * pt * met * (1 - std::cos(metPhi - phi)));
}

ROOT::RDF::TH1DModel Axis(const std::string &name, double low, double high)
{
   return {name.c_str(), "", 100, low, high};
}

using Books = std::vector<Hist>;
const std::map<std::string, std::function<void(ROOT::RDataFrame &, Books &)>> kQueries{
   {"Q1", [](auto &df, Books &out) { out.push_back(df.template Histo1D<float>(Axis("Q1", 0, 200), "MET_pt")); }},
   {"Q2", [](auto &df, Books &out) { out.push_back(df.template Histo1D<Reals>(Axis("Q2", 15, 60), "Jet_pt")); }},
   {"Q3",
    [](auto &df, Books &out) {
       auto central = [](const Reals &pt, const Reals &eta) { return Reals(pt[abs(eta) < 1]); };
       out.push_back(df.Define("q3", central, {"Jet_pt", "Jet_eta"}).template Histo1D<Reals>(Axis("Q3", 15, 60), "q3"));
    }},
   {"Q4",
    [](auto &df, Books &out) {
       auto two = [](const Reals &pt) { return ROOT::VecOps::Nonzero(pt > 40).size() >= 2; };
       out.push_back(df.Filter(two, {"Jet_pt"}).template Histo1D<float>(Axis("Q4", 0, 200), "MET_pt"));
    }},
   {"Q5",
    [](auto &df, Books &out) {
       const Columns muon{"Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge"};
       auto two = [](const Reals &pt) { return pt.size() > 1; };
       auto pairs = df.Filter(two, {"Muon_pt"}).Filter(NearZ, muon);
       out.push_back(pairs.template Histo1D<float>(Axis("Q5", 0, 200), "MET_pt"));
    }},
   {"Q6",
    [](auto &df, Books &out) {
       using Two = std::array<double, 2>;
       auto three = [](const Reals &pt) { return pt.size() > 2; };
       auto top = df.Filter(three, {"Jet_pt"})
                     .Define("q6", Top, {"Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btag"})
                     .Define("q6a", [](const Two &t) { return t[0]; }, {"q6"})
                     .Define("q6b", [](const Two &t) { return t[1]; }, {"q6"});
       out.push_back(top.template Histo1D<double>(Axis("Q6a", 15, 40), "q6a"));
       out.push_back(top.template Histo1D<double>(Axis("Q6b", 0, 1), "q6b"));
    }},
   {"Q7",
    [](auto &df, Books &out) {
       const Columns all{"Jet_pt",   "Jet_eta",     "Jet_phi",      "Muon_pt",     "Muon_eta",
                         "Muon_phi", "Electron_pt", "Electron_eta", "Electron_phi"};
       auto sum = df.Define("q7", CleanSum, all).Filter([](double s) { return s > 0; }, {"q7"});
       out.push_back(sum.template Histo1D<double>(Axis("Q7", 15, 200), "q7"));
    }},
   {"Q8",
    [](auto &df, Books &out) {
       const Columns all{"Muon_pt",     "Muon_eta",     "Muon_phi",     "Muon_mass",     "Muon_charge",     "Electron_pt",
                         "Electron_eta", "Electron_phi", "Electron_mass", "Electron_charge", "MET_pt", "MET_phi"};
       auto three = [](const Reals &mu, const Reals &e) { return mu.size() + e.size() > 2; };
       auto mt = df.Filter(three, {"Muon_pt", "Electron_pt"})
                    .Define("q8", ThirdLepton, all)
                    .Filter([](double m) { return m >= 0; }, {"q8"});
       out.push_back(mt.template Histo1D<double>(Axis("Q8", 0, 200), "q8"));
    }},
};

} // namespace

int main(int argc, char **argv)
{
   if (argc < 4) {
      std::cerr << "usage: " << argv[0] << " FILE THREADS QUERY...\n";
      return 2;
   }
   if (std::atoi(argv[2]) > 1)
      ROOT::EnableImplicitMT(std::atoi(argv[2]));
   ROOT::RDataFrame df("Events", argv[1]);
   Books books;
   for (int i = 3; i < argc; ++i) {
      const auto query = kQueries.find(argv[i]);
      if (query == kQueries.end()) {
         std::cerr << "no query " << argv[i] << '\n';
         return 2;
      }
      query->second(df, books);
   }
   std::cout.precision(17);
   for (Hist &hist : books) { // the first one runs the event loop
      std::cout << hist->GetName();
      for (int cell = 0; cell < hist->GetNcells(); ++cell)
         std::cout << ' ' << hist->GetBinContent(cell);
      std::cout << '\n';
   }
}
